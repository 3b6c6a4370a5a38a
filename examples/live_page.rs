//! A web page that shows a state live: the server sends each version that it catches to every browser, as server-sent events.
//!
//! `cargo run --release --example live_page` starts the server and a process that changes the state, and prints the address. Each
//! browser is one task that waits for versions; one thread sleeps for all of them, and nothing is polled.

use anyhow::{Context, Result};
use axum::Router;
use axum::response::Html;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::get;
use clap::{Parser, Subcommand};
use shmstate::dynamic::DynState;
use shmstate::{List, SharedLayout, State};
use shmstate_examples::{Parent, Process, Temporary, this_program};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_stream::{Stream, StreamExt};

/// What is shown.
#[derive(SharedLayout)]
#[repr(C)]
struct Queue {
    served: u64,
    /// The numbers of those that wait.
    waiting: List<u32, 40>,
}

/// The page: it needs no library, because browsers know server-sent events.
const PAGE: &str = r#"<!doctype html>
<meta charset="utf-8">
<title>A shared state, live</title>
<style>body { font: 16px sans-serif; margin: 2em } #bar { background: #4a8; height: 1em }</style>
<h1>Served: <span id="served">?</span></h1>
<p>Waiting: <span id="waiting">?</span></p>
<div id="bar"></div>
<p>Version <span id="version">?</span>, <span id="skipped">0</span> skipped</p>
<script>
let skipped = 0;
new EventSource("/versions").onmessage = message => {
  const { version, skipped: more, state } = JSON.parse(message.data);
  skipped += more;
  const texts = { served: state.served, waiting: state.waiting.join(", "), version, skipped };
  for (const id in texts) document.getElementById(id).textContent = texts[id];
  document.getElementById("bar").style.width = 2 * state.waiting.length + "em";
  console.info("shown: " + document.querySelector("p:last-of-type").textContent);
};
</script>
"#;

/// Serves a page that shows a state live.
#[derive(Parser)]
struct Args {
    /// Where to listen; port 0: any that is free
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: String,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Subcommand)]
enum Role {
    /// The process that changes the state
    #[command(hide = true)]
    Clerk { state: String },
}

fn main() -> Result<()> {
    let args = Args::parse();
    if let Some(Role::Clerk { state }) = &args.role {
        return serve_customers(&State::open(state)?);
    }
    let name = Temporary::new("live-page")?;
    let state = State::<Queue>::create(name.name())?;
    println!("the state is {}", state.path().context("it has a name")?.display());
    let _clerk = Process::spawn(this_program()?.args(["clerk", name.name()]))?;
    // For as long as the program runs: tasks borrow them.
    let live = Live { state: Box::leak(Box::new(state)), view: Box::leak(Box::new(DynState::open(name.name())?)) };
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener =
            TcpListener::bind(&args.listen).await.with_context(|| format!("cannot listen on {}", args.listen))?;
        println!("the page is http://{}/", listener.local_addr()?);
        let page = get(|| async { Html(PAGE) });
        let versions = get(move || async move { Sse::new(live.versions()).keep_alive(KeepAlive::default()) });
        let router = Router::new().route("/", page).route("/versions", versions);
        Ok(axum::serve(listener, router).await?)
    })
}

/// The state by its type, whose versions are waited for, and without it, as JSON.
#[derive(Clone, Copy)]
struct Live {
    state: &'static State<Queue>,
    view: &'static DynState,
}

impl Live {
    /// The present version, and then each one that is caught; ends with the state.
    fn versions(self) -> impl Stream<Item = Result<Event, shmstate::Error>> {
        let event = move |skipped: u64| {
            let snapshot = self.view.snapshot()?;
            let (version, state) = (snapshot.version(), snapshot.value().to_json()?);
            Ok(Event::default().data(format!("{{\"version\":{version},\"skipped\":{skipped},\"state\":{state}}}")))
        };
        let changes = self.state.changes_since(self.view.version()).stream();
        tokio_stream::once(event(0)).chain(changes.map(move |change| event(change?.skipped)))
    }
}

/// Customers come and are served.
fn serve_customers(state: &State<Queue>) -> Result<()> {
    let parent = Parent::of_this_process();
    while parent.lives() {
        state.update(|queue| {
            let last = queue.waiting.last().copied().unwrap_or(queue.served as u32);
            if fastrand::bool() && queue.waiting.push(last + 1).is_ok() {
                return;
            }
            if !queue.waiting.is_empty() {
                queue.waiting.remove(0);
                queue.served += 1;
            }
        })?;
        std::thread::sleep(Duration::from_millis(fastrand::u64(20..200)));
    }
    Ok(())
}
