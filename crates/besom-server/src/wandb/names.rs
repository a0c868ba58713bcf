//! Names and ids as the client has them.
//!
//! Entity and project are labels of a sweep. An opaque id holds all that it stands for, so that none needs to be kept.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The entity of who names none: a server has one owner.
pub(crate) const ENTITY: &str = "local";
/// The project of who names none.
pub(crate) const PROJECT: &str = "uncategorized";

/// The opaque id of something of this kind.
pub(crate) fn id(kind: &str, parts: &[&str]) -> String {
    STANDARD.encode(format!("{kind}:v1:{}", parts.join(":")))
}

/// The parts of an opaque id of this kind.
pub(crate) fn parts(kind: &str, id: &str) -> Option<Vec<String>> {
    let text = String::from_utf8(STANDARD.decode(id).ok()?).ok()?;
    let rest = text.strip_prefix(kind)?.strip_prefix(":v1:")?;
    Some(rest.split(':').map(str::to_owned).collect())
}

/// A project as fragments have it.
pub(crate) fn project(entity: &str, project: &str) -> Value {
    json!({
        "id": id("Project", &[project, entity]), "name": project,
        "entity": { "id": id("Entity", &[entity]), "name": entity },
    })
}

/// The id of an artifact, which holds what is kept of it: nothing but this.
pub(crate) fn artifact_id(kept: &Value) -> String {
    STANDARD.encode(format!("Artifact:v1:{kept}"))
}

/// What the id of an artifact holds.
fn kept(id: &str) -> Option<Value> {
    let text = String::from_utf8(STANDARD.decode(id).ok()?).ok()?;
    serde_json::from_str(text.strip_prefix("Artifact:v1:")?).ok()
}

/// The artifact of an id that was given out.
pub(crate) fn artifact(id: &str) -> Option<Value> {
    let kept = kept(id)?;
    let created = &kept["created"];
    Some(json!({
        "__typename": "Artifact", "id": id, "versionIndex": 0, "artifactType": { "name": kept["type"] },
        "artifactSequence": {
            "__typename": "ArtifactSequence", "id": self::id("ArtifactSequence", &[kept["name"].as_str()?]), "name": kept["name"],
            "project": { "name": kept["project"], "entity": { "name": kept["entity"] } },
        },
        "description": kept["description"], "metadata": null, "state": "COMMITTED", "size": 0, "digest": kept["digest"],
        "commitHash": null, "fileCount": 0, "createdAt": created, "updatedAt": created,
        "tags": [], "aliases": [], "ttlDurationSeconds": -2, "ttlIsInherited": true, "historyStep": null,
    }))
}

/// The manifest of an artifact: of a table the only file, of others none, since none is kept.
pub(crate) fn manifest(id: &str) -> Option<Value> {
    let kept = kept(id)?;
    let prefix = format!("run-{}-", kept["run"].as_str().unwrap_or_default());
    let table = kept["name"].as_str()?.strip_prefix(&prefix).filter(|_| kept["type"] == "run_table");
    let entry = |name: &str| (format!("{name}.table.json"), json!({ "digest": kept["digest"], "size": 0 }));
    let contents: serde_json::Map<String, Value> = table.map(entry).into_iter().collect();
    Some(json!({
        "version": 1, "storagePolicy": "wandb-storage-policy-v1", "storagePolicyConfig": {}, "contents": contents,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_holds_what_it_stands_for() {
        let run = id("Run", &["abc-1", "p", "local"]);
        assert_eq!(parts("Run", &run), Some(["abc-1", "p", "local"].map(str::to_owned).to_vec()));
        assert_eq!(parts("Sweep", &run), None);
        assert_eq!(parts("Run", "no base64!"), None);
        let kept = json!({ "entity": "e", "project": "p", "name": "run-x-1-t", "type": "run_table", "digest": "d", "run": "x-1" });
        let found = artifact(&artifact_id(&kept));
        assert_eq!(found.map(|artifact| artifact["artifactType"]["name"].clone()), Some(json!("run_table")));
        let files = manifest(&artifact_id(&kept)).map(|manifest| manifest["contents"].clone());
        assert_eq!(files, Some(json!({ "t.table.json": { "digest": "d", "size": 0 } })));
        assert_eq!((artifact(&run), manifest(&run)), (None, None));
    }
}
