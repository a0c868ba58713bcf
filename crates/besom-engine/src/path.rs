//! Paths of sweeps and runs as W&B writes them.

/// The id at the end of a path: `entity/project/id`, `project/id` or `id`. Entity and project mean nothing to
/// besom.
///
/// ```
/// assert_eq!(besom_engine::id_of_path("me/mnist/3k8s0x1q"), "3k8s0x1q");
/// ```
pub fn id_of_path(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn ids_are_read_from_paths_as_wandb_reads_them() {
        let file = include_str!("../../besom-agent/tests/data/agent.json");
        let file: Value = serde_json::from_str(file).expect("the shared cases are JSON");
        let cases = file["cases"].as_array().into_iter().flatten();
        let paths: Vec<&Value> = cases.filter(|case| case["kind"] == "sweep_path").collect();
        assert!(!paths.is_empty());
        for case in paths {
            let id = case["input"].as_str().map(id_of_path);
            assert_eq!(id, case["expected"]["sweep"].as_str(), "{}", case["id"]);
        }
    }
}
