//! Tests that look inside: power cuts, and damage.

mod damage;
mod fixture;
mod medium;
mod obstacles;
mod power;
mod replaced;
mod rng;
mod untouched;
