//! The README's files, copied into an empty directory, run, and the output that the README and the guide show looks like the
//! output that the command prints.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;

use std::collections::BTreeSet;
use std::path::Path;

use command::Desk;

fn page(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read_to_string(root.join(path)).unwrap()
}

/// The blocks of a language, in order.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let start = format!("```{language}\n");
    page.split(&start).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// A desk with the README's two files and nothing else.
fn desk_of_the_readme() -> Desk {
    let (desk, readme) = (Desk::new(), page("README.md"));
    desk.file("train.py", blocks(&readme, "python")[0]);
    desk.file("sweep.yaml", blocks(&readme, "yaml")[0]);
    desk
}

/// A line without what differs from sweep to sweep: ids, numbers, times, names and the parameters of a run.
fn shape(line: &str, id: &str, metric: &str) -> String {
    let line = line
        .replace(id, "ID")
        .replace(metric, "METRIC")
        .replace("maximize", "minimize")
        .replace(" (digits)", "");
    let line = line.split_once(" | ").map_or(line.clone(), |(run, _)| format!("{run} | PARAMETERS"));
    let words = line.split_inclusive([' ', '(', ')', ',', ';']);
    words
        .map(|word| if word.starts_with(|c: char| c.is_ascii_digit()) { number(word) } else { word.into() })
        .collect()
}

/// `N`, and what follows the number; units of time and endings of ordinals are one.
fn number(word: &str) -> String {
    let end = word.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "+-.".contains(c));
    format!("N{end}")
}

/// The shapes of lines up to the parameters of the best run, which are names of the sweep's.
fn shapes(text: &str, id: &str, metric: &str) -> BTreeSet<String> {
    let lines =
        text.lines().filter(|line| !line.is_empty() && *line != "..." && !line.starts_with([' ', '$']));
    // Which runs are the best so far, and how many are stopped, differs too.
    let always = |line: String| line.replace(" (new best)", "").replace(" (N stopped early)", "");
    lines.map(|line| always(one_unit(shape(line, id, metric)))).collect()
}

fn one_unit(line: String) -> String {
    line.replace(" ms", " s").replace(" min N s", " s").replace(" > ", " < ")
}

/// The id in a text whose first line begins with `sweep ID`.
fn id_in(text: &str) -> &str {
    let rest = text.split("sweep ").nth(1).unwrap();
    &rest[..8]
}

/// The first and last lines in the picture of a terminal; those between them are aligned on a terminal only.
fn drawn(picture: &str) -> String {
    let picture = page(picture);
    let texts = picture.split("</text>").filter_map(|text| text.rsplit('>').next());
    let ends = |line: &&str| ["sweep ", "runs ", "more: "].iter().any(|start| line.starts_with(start));
    texts.filter(ends).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_two_files_of_the_readme_run_and_print_what_the_readme_and_the_guide_show() {
    let desk = desk_of_the_readme();
    let answer = desk.call(&["run", "sweep.yaml", "-j", "2"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(answer.out.contains("runs 20 of 20: 20 finished"), "{answer:?}");
    let printed = shapes(&(answer.err + &answer.out), &desk.newest(), "val_loss");
    let drawn = drawn("docs/guide/images/terminal.svg");
    let differs: Vec<_> = shapes(&drawn, id_in(&drawn), "val_loss").difference(&printed).cloned().collect();
    assert!(differs.is_empty(), "the picture shows what is not printed: {differs:#?}");
    for (path, metric, language) in [
        ("README.md", "val_loss", "text"),
        ("docs/guide/first-sweep.md", "val_accuracy", "text"),
        ("docs/guide/methods.md", "error", "console"),
    ] {
        let page = page(path);
        let shown = blocks(&page, language).join("\n");
        let mut shown = shapes(&shown, id_in(&shown), metric);
        // Whether a run ends before its stop reaches it depends on the machine.
        let is_stopped = |line: &String| line.starts_with("run N stopped");
        if !printed.iter().any(is_stopped) {
            shown.retain(|line| !is_stopped(line));
        }
        let differs: Vec<_> = shown.difference(&printed).collect();
        assert!(differs.is_empty(), "{path} shows what is not printed: {differs:#?}, but: {printed:#?}");
    }
}

#[test]
fn what_the_readme_lets_one_type_is_a_command() {
    let desk = desk_of_the_readme();
    assert_eq!(desk.call(&["run", "sweep.yaml", "--count", "6"]).code, Some(0));
    let readme = page("README.md");
    let lines =
        blocks(&readme, "sh").into_iter().flat_map(str::lines).filter(|line| line.starts_with("besom "));
    for line in lines {
        let words: Vec<&str> = line.split('#').next().unwrap().split_whitespace().skip(1).collect();
        if !["run", "agent"].contains(&words[0]) {
            let answer = desk.call(&words);
            assert_eq!(answer.code, Some(0), "{line}: {answer:?}");
        }
    }
}

/// In place of the README's program, because the page on CI makes many runs.
const QUICK: &str =
    "import os\nprint('{\"val_loss\": 0.01}', file=open(os.environ['BESOM_METRICS'], 'a'), flush=True)\n";

#[test]
fn what_the_page_on_ci_lets_one_type_succeeds() {
    let (desk, page) = (Desk::new(), page("docs/guide/ci.md"));
    desk.file("train.py", QUICK);
    desk.file("sweep.yaml", blocks(&page, "yaml")[0]);
    let lines = blocks(&page, "sh").into_iter().flat_map(str::lines).map(str::trim);
    let is_command =
        |line: &&str| ["besom ", "timeout ", "mkdir ", "cp "].iter().any(|word| line.starts_with(word));
    for line in lines.filter(is_command) {
        // What jq makes of it is not checked: it may be missing here.
        let line = line.split(" | jq").next().unwrap();
        let id = if line.contains("$id") { desk.newest() } else { String::new() };
        let line = line.replace("$id", &id);
        let answer = desk.shell(&line);
        assert_eq!(answer.code, Some(0), "{line}: {answer:?}");
    }
}

/// The sweep of the page on the command: two runs, six steps each.
const SWEEP: &str = "\
program: train.sh
command: [sh, '${program}', '${args_no_hyphens}']
method: grid
metric: {name: loss, goal: minimize}
parameters: {lr: {values: [0.1, 0.2]}}
";

const PROGRAM: &str = r#"
for step in 1 2 3 4 5 6; do
  besom log $(awk -v lr="${1#lr=}" -v step=$step 'BEGIN { loss = exp(-lr * step); print "loss=" loss, "accuracy=" 1 - loss }')
done
"#;

/// The commands of a block, each with the lines that are shown below it.
fn session(block: &str) -> Vec<(&str, Vec<&str>)> {
    let mut calls: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in block.lines().filter(|line| !line.trim().is_empty()) {
        match line.strip_prefix("$ besom ") {
            Some(command) => calls.push((command, Vec::new())),
            None => calls.last_mut().unwrap().1.push(line),
        }
    }
    calls
}

/// The words of a command; quotes hold a word together.
fn words(command: &str) -> Vec<String> {
    let parts = command.split('"').enumerate();
    parts
        .flat_map(|(i, part)| if i % 2 == 1 { vec![part] } else { part.split_whitespace().collect() })
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_sessions_of_the_page_on_the_command_are_printed_so() {
    let (desk, page) = (Desk::new(), page("docs/guide/command.md"));
    desk.file("s.yaml", SWEEP);
    desk.file("train.sh", PROGRAM);
    desk.file(
        "r.json",
        r#"[{"state": "finished", "config": {"lr": {"value": 0.1}}, "history": [{"loss": 0.5}]}]"#,
    );
    let one_space = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut count = 0;
    let sessions = ["$ besom validate s.yaml", "$ besom sweep s.yaml"];
    for block in blocks(&page, "text")
        .into_iter()
        .filter(|block| sessions.iter().any(|start| block.starts_with(start)))
    {
        let shown_id = block.split(['\n', ' ', ':', ';']).find(|word| is_id(word)).unwrap();
        let mut id = String::from("ID");
        for (command, shown) in session(block) {
            let answer = desk
                .call(&words(&command.replace(shown_id, &id)).iter().map(String::as_str).collect::<Vec<_>>());
            if command.starts_with("run ") || command.starts_with("sweep ") {
                id = desk.newest();
            }
            let text = answer.out + &answer.err;
            let look = |line: &str, id: &str| one_space(&one_unit(shape(line, id, "loss")));
            let printed: Vec<_> =
                text.lines().filter(|line| !line.trim().is_empty()).map(|line| look(line, &id)).collect();
            let shown: Vec<_> = shown.into_iter().map(|line| look(line, shown_id)).collect();
            count += 1;
            assert_eq!(shown, printed, "besom {command} prints:\n{text}");
        }
    }
    assert!(count > 12, "{count} commands were compared");
}

/// Whether a word looks like the id of a sweep.
fn is_id(word: &str) -> bool {
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    word.len() == 8 && word.chars().all(known) && word.contains(|c: char| c.is_ascii_digit())
}

/// All sources of the crates in one text; strings that are continued on the next line are whole.
fn sources() -> String {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("..")];
    let mut text = String::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs" || end == "py") {
                text += &std::fs::read_to_string(&path).unwrap();
            }
        }
    }
    let lines = text.split("\\\n").map(|part| part.trim_start_matches(' '));
    lines.collect()
}

/// The parts of a message between what differs: numbers, quoted names, words in capitals, what follows a colon.
fn parts(message: &str) -> Vec<String> {
    let differs = |word: &str| {
        let bare = word.trim_end_matches([':', ';', '.', ',']);
        bare.contains(|c: char| c.is_ascii_digit() || "'\"()`_/".contains(c))
            || bare.chars().all(char::is_uppercase)
    };
    let mut parts = vec![String::new()];
    for word in message.split(' ') {
        match differs(word) {
            true => parts.push(String::new()),
            false => parts.last_mut().unwrap().extend([word, " "]),
        }
        if word.ends_with([':', ';', '.', ',']) {
            parts.push(String::new());
        }
    }
    let parts = parts.into_iter().map(|part| part.trim_matches([' ', ':', ';', '.', ',']).to_owned());
    parts.filter(|part| part.split(' ').count() >= 2).collect()
}

#[test]
fn every_message_that_troubleshooting_quotes_is_in_the_sources() {
    let (page, sources) = (page("docs/guide/troubleshooting.md"), sources());
    let messages: Vec<&str> = blocks(&page, "text").into_iter().flat_map(str::lines).collect();
    assert!(messages.len() > 20);
    // What other programs print.
    let strange = |message: &&str| {
        ["error: ", "ModuleNotFoundError: ", "run 1 finished"].iter().any(|start| message.starts_with(start))
    };
    let mut wrong = Vec::new();
    for message in messages.into_iter().filter(|message| !strange(message)) {
        let parts = parts(message);
        wrong.extend(parts.is_empty().then(|| format!("nothing to look for in: {message}")));
        let missing: Vec<_> = parts.iter().filter(|part| !sources.contains(part.as_str())).collect();
        wrong.extend((!missing.is_empty()).then(|| format!("{message}: not in the sources: {missing:?}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
