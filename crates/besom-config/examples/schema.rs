//! Prints the JSON Schema of the sweep file: `cargo run -p besom-config --example schema > docs/sweep.schema.json`.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

fn main() {
    println!("{:#}", besom_config::schema());
}
