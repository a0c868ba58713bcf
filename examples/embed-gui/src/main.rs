//! A front end whose thread must never wait: it draws what a worker has sent, and sends it orders. The window is the terminal here;
//! with a toolkit, `draw` is its frame function, and `wake` is what makes it draw (egui: `ctx.request_repaint()`).
//!
//! `cargo run -p embed-gui`, then type `p` (pause), `r` (resume) or `q` (cancel) and Enter.

mod worker;

use std::io::BufRead;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use besom_core::{BoxError, Problem, Space};
use worker::{Event, Order};

/// What wakes the front end: news of the worker, or a key of the user.
enum Wake {
    Worker(Event),
    Key(char),
}

/// What is on the screen.
#[derive(Default)]
struct Screen {
    runs: u64,
    best: Option<(u64, f64)>,
    paused: bool,
    ended: Option<String>,
}

impl Screen {
    fn apply(&mut self, event: Event) {
        match event {
            Event::Finished { run, loss } => {
                self.runs = self.runs.max(run);
                if self.best.is_none_or(|(_, best)| loss < best) {
                    self.best = Some((run, loss));
                }
            }
            Event::Paused(paused) => self.paused = paused,
            Event::Ended(reason) => self.ended = Some(reason),
        }
    }

    fn draw(&self) {
        let state = self.ended.as_deref().unwrap_or(if self.paused { "paused" } else { "running" });
        let best = self.best.map_or(String::new(), |(run, loss)| format!(", best {loss:.4} in run {run}"));
        println!("[{:<40}] {} of 40 runs, {state}{best}", "#".repeat(self.runs as usize), self.runs);
    }
}

/// Keys come from a thread of their own, as events of a toolkit do.
fn listen(wake: Sender<Wake>) {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        line.chars().for_each(|key| drop(wake.send(Wake::Key(key))));
    }
}

fn main() -> Result<(), BoxError> {
    let space = Space::builder().log_uniform("lr", 1e-5, 1.0).int("layers", 1, 8).build()?;
    let problem = Problem::minimize("loss").space(space).seed(7).run_cap(40);
    let (wake, woken) = channel();
    let (orders, taken) = channel();
    let from_worker = wake.clone();
    let worker = thread::spawn(move || {
        worker::work(problem, &taken, |event| drop(from_worker.send(Wake::Worker(event))))
    });
    thread::spawn(move || listen(wake));

    let order = |order| orders.send(order).unwrap_or_default(); // a worker that has ended takes none
    let mut screen = Screen::default();
    while screen.ended.is_none() {
        match woken.recv()? {
            Wake::Worker(event) => screen.apply(event),
            Wake::Key('p') => order(Order::Pause),
            Wake::Key('r') => order(Order::Resume),
            Wake::Key('q') => order(Order::Cancel),
            Wake::Key(_) => {}
        }
        screen.draw();
    }
    worker.join().map_err(|_| "the worker panicked".into())
}
