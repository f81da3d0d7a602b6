//! The promises about the source: floors, plain std, sizes, the changelog.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which floor a part of the crate stands on, and what it may not mention at all.
const FLOORS: &[(&str, u8, &[&str])] = &[
    (
        "proto",
        1,
        &[
            "std::thread",
            "std::time",
            "std::io",
            "std::fs",
            "TcpStream",
            "TcpListener",
            "UdpSocket",
            "print",
        ],
    ),
    ("kit", 2, &["clap::", "crate::proto"]),
    ("demos", 3, &[]),
    ("course", 4, &[]),
    ("cli", 5, &[]),
];

/// In reading order: a demo uses only the ones before it.
const DEMOS: &[&str] = &[
    "tcp_server",
    "tcp_client",
    "udp_server",
    "udp_client",
    "forward",
    "http_server",
    "http_client",
    "ws_server",
    "ws_client",
    "chat_server",
    "chat_client",
];

#[test]
fn a_floor_uses_only_floors_below_it() {
    for (floor, height, forbidden) in FLOORS {
        for (path, text) in sources(floor) {
            let found = forbidden.iter().find(|word| code(&text).contains(**word));
            assert_eq!(found, None, "{} is on floor {floor}", path.display());
            for (other, above, _) in FLOORS.iter().filter(|(_, above, _)| above > height)
            {
                let uses = code(&text).contains(&format!("crate::{other}"));
                assert!(
                    !uses,
                    "{}: {floor} ({height}) uses {other} ({above})",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn every_part_of_the_crate_stands_on_a_floor() {
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let part = name.trim_end_matches(".rs");
        let known = FLOORS.iter().any(|(floor, _, _)| *floor == part);
        assert!(
            known || ["lib", "main"].contains(&part),
            "src/{name} stands on no floor"
        );
    }
}

#[test]
fn a_demo_uses_only_earlier_demos() {
    let listed = fs::read_to_string(root().join("src/demos/mod.rs")).unwrap();
    let order: Vec<_> =
        listed.lines().filter_map(|line| line.strip_prefix("pub mod ")).collect();
    assert_eq!(order, DEMOS.iter().map(|demo| format!("{demo};")).collect::<Vec<_>>());

    for (path, text) in sources("demos") {
        let own = path.strip_prefix(root().join("src/demos")).unwrap();
        let own = own.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        let Some(place) = DEMOS.iter().position(|demo| *demo == own) else { continue };
        for later in &DEMOS[place + 1..] {
            assert!(
                !code(&text).contains(later),
                "{} uses {later}, a later demo",
                path.display()
            );
        }
    }
}

#[test]
fn narration_stands_on_lines_of_its_own() {
    for (path, text) in sources("demos") {
        for (i, line) in text.lines().enumerate() {
            let line = line.trim();
            let makes_a_voice = line.contains("say.about")
                || line.contains("say.on_thread")
                || line.contains("say.on_connection")
                || line.contains("say.named")
                || line.contains("say.numbered");
            if line.contains("say.") && !makes_a_voice && !line.starts_with("//") {
                let alone = line.starts_with("say.") && line.contains(");");
                assert!(alone, "{}:{}: {line}", path.display(), i + 1);
            }
        }
    }
}

/// What is left without the narration is the same program, over plain std.
#[test]
fn the_demos_build_without_their_narration() {
    let copy =
        std::env::temp_dir().join(format!("sockdemo-plain-{}", std::process::id()));
    copy_folder(&root().join("src"), &copy.join("src"));
    copy_folder(&root().join("lessons"), &copy.join("lessons"));
    for (path, text) in sources("demos") {
        let to = copy.join(path.strip_prefix(root()).unwrap());
        let kept = text.lines().filter(|line| !line.trim().starts_with("say."));
        fs::write(&to, kept.collect::<Vec<_>>().join("\n") + "\n").unwrap();
    }
    for (path, text) in [manifest("Cargo.toml"), manifest("Cargo.lock")] {
        fs::write(copy.join(path.strip_prefix(root()).unwrap()), text).unwrap();
    }
    let tests = fs::read_to_string(copy.join("Cargo.toml")).unwrap();
    fs::write(
        copy.join("Cargo.toml"),
        tests.replace("[[test]]", "[[package.metadata.test]]"),
    )
    .unwrap();

    let cargo = Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--offline", "--locked", "--lib", "--manifest-path"])
        .arg(copy.join("Cargo.toml"))
        .env("CARGO_TARGET_DIR", root().join("target/plain"))
        .output()
        .unwrap();
    fs::remove_dir_all(&copy).unwrap();
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
}

#[test]
fn no_file_and_no_line_outgrows_its_reader() {
    for (path, text) in sources("") {
        let lines = text.split("#[cfg(test)]").next().unwrap().lines().count();
        assert!(lines <= 420, "{} has {lines} lines", path.display());
        for (i, line) in text.lines().enumerate() {
            let width = line.chars().count();
            assert!(width <= 100, "{}:{} has {width} columns", path.display(), i + 1);
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for (path, text) in sources("") {
        assert!(text.starts_with("//! "), "{} has no heading", path.display());
    }
}

#[test]
fn the_changelog_knows_this_version() {
    let changelog = fs::read_to_string(root().join("docs/changelog.md")).unwrap();
    assert!(changelog.contains("\n## Unreleased\n"));
    assert!(changelog.contains(&format!("\n## {}", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn links_in_the_documents_lead_somewhere() {
    let documents =
        fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    for document in documents.chain([root().join("README.md")]) {
        let text = fs::read_to_string(&document).unwrap();
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.starts_with("http")) {
            let target = document.parent().unwrap().join(link.split('#').next().unwrap());
            assert!(
                link.starts_with('#') || target.exists(),
                "{}: {link}",
                document.display()
            );
        }
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn manifest(name: &str) -> (PathBuf, String) {
    (root().join(name), fs::read_to_string(root().join(name)).unwrap())
}

/// The Rust files of one part of the crate, or of all of it.
fn sources(part: &str) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    collect(&root().join("src"), &mut found);
    let place = root().join("src").join(part);
    let file = place.with_extension("rs");
    found.retain(|path, _| part.is_empty() || path.starts_with(&place) || *path == file);
    assert!(!found.is_empty(), "nothing in {}", place.display());
    found
}

fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.insert(path, text);
        }
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let copy = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &copy);
        } else {
            fs::copy(&path, &copy).unwrap();
        }
    }
}

/// Without comments: they may speak of anything.
fn code(text: &str) -> String {
    let code = text.lines().map(|line| line.split("//").next().unwrap());
    code.collect::<Vec<_>>().join("\n")
}
