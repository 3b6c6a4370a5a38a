//! Faults of what becomes of a state under another layout.

use super::Check::{Process, Step, Unit};
use super::Mutant;
use super::weave::{before, instead, left_out, value};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "numbers_become_narrower",
        breaks: "an integer is carried over to one that has no room for each value",
        patches: &[value("layout/matching/matcher.rs", "«from <= to» && (to_signed || !signed)", "true")],
        checks: &[Process("migration_rules", "numbers")],
    },
    Mutant {
        name: "signs_are_dropped",
        breaks: "a signed integer is carried over to an unsigned one",
        patches: &[value("layout/matching/matcher.rs", "from <= to && «(to_signed || !signed)»", "true")],
        checks: &[Process("migration_rules", "numbers")],
    },
    Mutant {
        name: "former_names_ignored",
        breaks: "a renamed field is another one",
        patches: &[
            value("layout/matching/fields.rs", "match «by_name.contains_key(&*field.name)» {", "true"),
            value(
                "layout/matching/fields.rs",
                "origins.renamed(ty, variant, &field.name).iter().find_map(|name| from.take(name))",
                "None",
            ),
        ],
        checks: &[Process("migration_rules", "structs_and_enums")],
    },
    Mutant {
        name: "new_name_taken_for_the_old_one",
        breaks: "a new field takes what was renamed, because it has the former name now",
        patches: &[value(
            "layout/matching/fields.rs",
            "«first.into_iter().chain(second)»",
            "second.into_iter().chain(first)",
        )],
        checks: &[Process("migration_rules", "a_new_field_does_not_take_what_a_renamed_one_was")],
    },
    Mutant {
        name: "variants_by_their_values",
        breaks: "a variant becomes the one that has its number now",
        patches: &[value(
            "layout/matching/matcher.rs",
            "«same(&old.name).or_else(renamed)».filter",
            "to.iter().position(|variant| variant.value == old.value).or_else(|| same(&old.name).or_else(renamed))",
        )],
        checks: &[Process("migration_rules", "structs_and_enums")],
    },
    Mutant {
        name: "new_fields_are_zero",
        breaks: "a new field does not get its initial value",
        patches: &[value("dynamic/evolve/fresh.rs", "size)?; «self.initialize(ty, at)»", "Ok(())")],
        checks: &[Process("migration_rules", "structs_and_enums"), Step("migrate")],
    },
    Mutant {
        name: "new_fields_of_a_payload_are_zero",
        breaks: "a new field of a struct in an enum does not get its initial value",
        patches: &[value(
            "dynamic/evolve/fresh.rs",
            "try_for_each(|field| «self.initialize(field.shape, at + field.at)»)",
            "Ok(())",
        )],
        checks: &[Process("migration_payloads", "new_fields_are_what_they_are_in_a_new_state")],
    },
    Mutant {
        name: "losses_unchecked",
        breaks: "what depends on the values is lost without a word",
        patches: &[left_out("dynamic/evolve/mod.rs", "conversion.losses.check()?;")],
        checks: &[Process("migration_rules", "sequences"), Process("migration_rules", "texts_and_bytes")],
    },
    Mutant {
        name: "last_item_left",
        breaks: "a sequence that fits exactly loses its last item",
        patches: &[value(
            "dynamic/evolve/sequences.rs",
            "sequence.count.min(«items.capacity»)",
            "items.capacity.saturating_sub(1)",
        )],
        checks: &[Process("migration_rules", "sequences")],
    },
    Mutant {
        name: "oldest_items_kept",
        breaks: "of a ring that does not fit, the oldest items stay",
        patches: &[value("dynamic/evolve/sequences.rs", "if «is_ring» { lost } else { 0 }", "false")],
        checks: &[Process("migration_rules", "sequences")],
    },
    Mutant {
        name: "last_entry_left",
        breaks: "a map that is exactly full counts as one that does not fit",
        patches: &[value("dynamic/evolve/hashed.rs", "usize::from(«count > capacity»)", "count >= capacity")],
        checks: &[Process("migration_rules", "maps_and_sets")],
    },
    Mutant {
        name: "half_a_letter_kept",
        breaks: "a text is cut in the midst of a letter",
        patches: &[value("dynamic/evolve/convert.rs", "while «bytes[len] & 0xc0 == 0x80» {", "false")],
        checks: &[Process("migration_rules", "texts_and_bytes")],
    },
    Mutant {
        name: "slab_keys_begin_anew",
        breaks: "the key of a value in a slab leads to none after a migration",
        patches: &[value(
            "dynamic/evolve/slabs.rs",
            "self.image.put_u32(word, «generation as usize»)?",
            "generation as usize + 2",
        )],
        checks: &[Process("migration_rules", "slabs_keep_their_keys")],
    },
    Mutant {
        name: "parts_of_keys_kept",
        breaks: "an entry whose key does not go along whole stays, under another key",
        patches: &[left_out(
            "dynamic/evolve/hashed.rs",
            "self.drop_lost_keys(trail, key, &mut entries, (keys.item, to + keys.offset(0)))?;",
        )],
        checks: &[
            Process("migration_rules", "maps_and_sets"),
            Process("migration_keys", "entries_whose_keys_lose_something_are_dropped"),
        ],
    },
    Mutant {
        name: "keys_stay_where_they_were",
        breaks: "entries are not put where the program's code wants them",
        patches: &[value("dynamic/evolve/hashed.rs", "if «rule == Rule::Program» { self.call_rebuild", "false")],
        checks: &[Process("migration_keys", "entries_are_arranged_anew")],
    },
    Mutant {
        name: "keys_under_another_seed",
        breaks: "entries are indexed under another seed than the one by which they are found",
        patches: &[value("dynamic/evolve/hashed.rs", "key.tag(«table.seed()?»)", "[0, 0]")],
        checks: &[Process("migration_rules", "maps_and_sets")],
    },
    Mutant {
        name: "code_of_the_program_left_out",
        breaks: "a migration by code of the program carries over what goes along by itself, and no more",
        patches: &[value("state/migrating.rs", "«typed.run(path, old, new)»", "Ok(())")],
        checks: &[Process("migration_chains", "each_version_leads_to_the_next_one")],
    },
    Mutant {
        name: "checksums_unchecked",
        breaks: "an exported file that was edited is read",
        patches: &[value(
            "dynamic/export.rs",
            "if «sum != format!(\"\\\"checksum\\\":\\\"{:016x}\\\"}}\", found.digest())» {",
            "false",
        )],
        checks: &[Process("migration_export", "what_is_damaged_is_refused")],
    },
    Mutant {
        name: "wide_numbers_are_never_none",
        breaks: "where there may be an integer of 128 bits or none, none cannot be read",
        patches: &[value("dynamic/parse.rs", "if «self.nullable» => deserializer.deserialize_option(self)", "false")],
        checks: &[Process("migration_export", "what_is_exported_can_be_imported")],
    },
    Mutant {
        name: "none_inside_of_a_maybe_exported",
        breaks: "a `Maybe` whose value is none is exported, and comes back as none itself",
        patches: &[value("dynamic/export.rs", "Some(inner) if «is_null(inner)?» =>", "false")],
        checks: &[Process("migration_export", "what_would_become_another_value_is_not_exported")],
    },
    Mutant {
        name: "single_precision_by_way_of_double",
        breaks: "an `f32` is rounded twice when it is read",
        patches: &[value(
            "dynamic/parse.rs",
            "«deserializer.deserialize_f32(self)»",
            "deserializer.deserialize_any(self)",
        )],
        checks: &[Process("migration_export", "each_f32_is_read_as_it_was")],
    },
    Mutant {
        name: "discriminants_of_any_size",
        breaks: "a schema is accepted whose variants have values that their discriminant does not hold",
        patches: &[value("layout/validate.rs", "if «!repr.holds(variant.value)» {", "false")],
        checks: &[Unit("layout::schema::tests::a_discriminant_that_its_type_does_not_hold_is_refused")],
    },
    Mutant {
        name: "name_given_before_it_is_filled",
        breaks: "the name leads to the new region before that holds the state",
        patches: &[
            before("region/succession.rs", "plan.write(path, new.file()", "new.take_name(region_path)?;"),
            value(
                "os/file/replace.rs",
                "let Some(temporary) = &self.temporary else { return «self.link(region_path)» };",
                "Ok(())",
            ),
        ],
        checks: &[Step("migrate"), Step("recreate")],
    },
    Mutant {
        name: "moved_without_the_lock",
        breaks: "a state is moved while another process may update it",
        patches: &[instead(
            "region/service.rs",
            "let _ = self.shared().lock(self.slot(), self.os(), clock).map_err(|e| self.to_error(BeginError::Lock(e)))?;",
            "let _ = &clock;",
        )],
        checks: &[Process("recreate", "no_update_is_lost_between_regions")],
    },
    Mutant {
        name: "old_region_stays_in_service",
        breaks: "a region whose name another one has takes updates as before",
        patches: &[instead(
            "commit/service.rs",
            "«self.publish_service(RETIRED);» Ok(Some(successor))",
            "self.publish_service(0);",
        )],
        checks: &[Step("migrate"), Process("recreate", "no_update_is_lost_between_regions")],
    },
];
