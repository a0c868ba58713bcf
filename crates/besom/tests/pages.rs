//! The page of each library crate (its README, which is also its documentation) holds a manifest and the shortest complete program. Rustdoc runs
//! the programs inside this workspace; here each becomes a package of its own, with the dependencies that its page lists and no others.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The page of one crate.
struct Page {
    name: String,
    text: String,
}

impl Page {
    /// The one block of a language.
    fn block(&self, language: &str) -> &str {
        let start = format!("```{language}\n");
        let blocks: Vec<&str> =
            self.text.split(&start).skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
        assert_eq!(blocks.len(), 1, "the page of {} has one block of {language}", self.name);
        blocks[0]
    }

    /// The dependencies of the manifest, without the profile, which only counts at the root of a workspace.
    fn dependencies(&self) -> &str {
        self.block("toml").split("\n[profile").next().unwrap()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every library crate by name, and what its manifest holds.
fn crates() -> Vec<(String, Value)> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let named = packages.map(|package| (package["name"].as_str().unwrap().to_owned(), package.clone()));
    named.filter(|(name, _)| name != "besom-python" && name != "besom-benches").collect()
}

fn pages() -> Vec<Page> {
    let read = |name: String| {
        let path = root().join("crates").join(&name).join("README.md");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Page { name, text }
    };
    crates().into_iter().map(|(name, _)| read(name)).collect()
}

#[test]
fn the_page_of_a_crate_is_its_documentation() {
    for page in pages() {
        let library = root().join("crates").join(&page.name).join("src/lib.rs");
        let text = std::fs::read_to_string(library).unwrap();
        assert!(text.starts_with("#![doc = include_str!(\"../README.md\")]"), "{}", page.name);
        assert!(page.text.starts_with(&format!("# {}\n", page.name)), "{}", page.name);
        for part in ["**Use it**", "nother crate", "feature"] {
            assert!(page.text.contains(part) || page.name == "besom", "{} lacks: {part}", page.name);
        }
    }
}

#[test]
fn a_page_has_a_manifest_with_its_crate_in_this_version_and_a_whole_program() {
    let version = env!("CARGO_PKG_VERSION").rsplit_once('.').unwrap().0;
    for page in pages() {
        let (dependencies, program) = (page.dependencies(), page.block("rust"));
        assert!(dependencies.starts_with("[dependencies]\n"), "{}", page.name);
        assert!(dependencies.contains(&format!("\n{} = ", page.name)), "{}", page.name);
        let own = dependencies.lines().filter(|line| line.starts_with("besom"));
        own.for_each(|line| assert!(line.contains(&format!("\"{version}\"")), "{}: {line}", page.name));
        assert!(program.contains("\nfn main() "), "{}", page.name);
    }
}

#[test]
fn a_crate_with_numerical_code_below_it_names_the_profile_that_makes_debug_builds_fast() {
    let profile = "\n[profile.dev.package.\"*\"]";
    for page in pages() {
        let slow = ["search", "gp", "insight", "plot", "engine"].iter().any(|name| page.name.ends_with(name));
        assert!(!slow || page.block("toml").contains(profile), "{}", page.name);
    }
}

#[test]
fn a_manifest_has_what_a_registry_shows() {
    for (name, package) in crates() {
        for key in ["description", "license", "readme", "documentation"] {
            assert!(package[key].is_string(), "{name} has no {key}");
        }
        for key in ["keywords", "categories"] {
            assert!((1..=5).contains(&package[key].as_array().unwrap().len()), "{name}: {key}");
        }
        assert_eq!(package["metadata"]["docs"]["rs"]["all-features"], true, "{name}");
    }
}

/// The code on a page of the guide that a comment before it attributes to a file of `examples/`.
fn shown(page: &str) -> Vec<(&str, &str)> {
    let parts = page.split("\n<!-- examples/").skip(1);
    let file_and_code = parts.map(|part| {
        let (file, rest) = part.split_once(" -->\n```").unwrap();
        let (_language, rest) = rest.split_once('\n').unwrap();
        (file, rest.split_once("\n```").unwrap().0)
    });
    file_and_code.collect()
}

#[test]
fn the_guide_shows_what_stands_in_examples() {
    let mut count = 0;
    for entry in std::fs::read_dir(root().join("docs/guide")).unwrap() {
        let path = entry.unwrap().path();
        let Ok(page) = std::fs::read_to_string(&path) else { continue };
        for (file, code) in shown(&page) {
            let text = std::fs::read_to_string(root().join("examples").join(file)).unwrap();
            assert!(text.contains(code), "{}: not what stands in examples/{file}:\n{code}", path.display());
            count += 1;
        }
    }
    assert!(count > 0, "no page of the guide shows a program");
}

/// A workspace with one package per page; crates of ours are taken from this repository, others as `Cargo.lock` has them.
fn scratch(pages: &[Page]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    let _ = std::fs::remove_dir_all(&folder);
    let text = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    // The profile of this workspace, so that compiled dependencies are shared with it.
    let profile = &text[text.find("[profile.dev]").unwrap()..text.find("\n[profile.release").unwrap()];
    let profile = profile.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
    let mut workspace =
        format!("[workspace]\nresolver = \"3\"\nmembers = [\"*\"]\n\n{profile}\n\n[patch.crates-io]\n");
    for page in pages {
        let path = root().join("crates").join(&page.name);
        writeln!(workspace, "{} = {{ path = {path:?} }}", page.name).unwrap();
        let package = folder.join(format!("page-of-{}", page.name));
        std::fs::create_dir_all(package.join("src")).unwrap();
        let manifest = format!(
            "[package]\nname = \"page-of-{}\"\nedition = \"2024\"\npublish = false\n\n{}",
            page.name,
            page.dependencies()
        );
        std::fs::write(package.join("Cargo.toml"), manifest).unwrap();
        std::fs::write(package.join("src/main.rs"), page.block("rust")).unwrap();
    }
    std::fs::write(folder.join("Cargo.toml"), workspace).unwrap();
    std::fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    folder
}

#[test]
#[ignore = "compiles every page as a package of its own; .ci/run does it"]
fn every_program_compiles_with_the_dependencies_of_its_page_alone() {
    let pages = pages();
    let folder = scratch(&pages);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let wrong = pages.iter().filter_map(|page| {
        // One at a time: packages that are built together share their features.
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["check", "--offline", "--quiet", "--package", &format!("page-of-{}", page.name)]);
        let output = cargo.arg("--target-dir").arg(target).current_dir(&folder).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (!output.status.success() || said.contains("warning:")).then(|| format!("{}:\n{said}", page.name))
    });
    let wrong = wrong.collect::<Vec<_>>();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
