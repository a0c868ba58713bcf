//! GraphQL as W&B's client uses it: a request is known by the name of its operation.
//!
//! The queries are the client's own and change with its version, while their names, variables and the fields that it reads do so
//! seldom. So nothing is resolved: an operation that is known is answered with all that any version reads of it. Of others, a query is
//! answered with nothing (the client takes that for an older server), and a mutation is refused by its name: never with a server error,
//! which the client would repeat for minutes.

use besom_core::text::is_hostile;
use serde_json::{Map, Value, json};

use super::names::{self, ENTITY};

/// A request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Request {
    /// The name of the operation; of one without a name, that of its first field.
    pub(crate) operation: String,
    /// Whether it changes anything.
    pub(crate) is_mutation: bool,
    /// Its fields: the name that the answer has each under, and its name in the schema.
    pub(crate) fields: Vec<(String, String)>,
    /// Its variables.
    pub(crate) variables: Map<String, Value>,
    /// Whether the client that asks stumbles over runs that name their sweep, as 0.22 does.
    pub(crate) is_old: bool,
    /// By whose token it is asked.
    pub(crate) asker: String,
}

impl Request {
    /// Reads a body.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(body).map_err(|_| "the body is not UTF-8".to_owned())?;
        let mut body: Map<String, Value> =
            super::lenient::parse(text).map_err(|error| format!("the body: {error}"))?;
        let Some(Value::String(query)) = body.get("query") else {
            return Err("the body has no text 'query'".to_owned());
        };
        let mut words = Words(query);
        let (mut is_mutation, mut operation) = (false, String::new());
        match words.next() {
            Some("{") => {}
            Some(kind @ ("query" | "mutation")) => {
                is_mutation = kind == "mutation";
                operation = words.next().filter(|word| is_name(word)).unwrap_or_default().to_owned();
            }
            _ => return Err("the query is neither a query nor a mutation".to_owned()),
        }
        let fields = fields(query);
        if operation.is_empty() {
            operation = fields.first().map(|(_, name)| name.clone()).unwrap_or_default();
        }
        let variables = match body.remove("variables") {
            Some(Value::Object(variables)) => variables,
            _ => Map::new(),
        };
        Ok(Self { operation, is_mutation, fields, variables, is_old: false, asker: String::new() })
    }

    /// The text of this variable, if it has one.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.variables.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// The first of these variables that has a text: versions of the client name them differently.
    pub(crate) fn any_text(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.text(name))
    }

    /// The texts in the list of this variable.
    pub(crate) fn texts(&self, name: &str) -> Vec<&str> {
        let list = self.variables.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// The whole number of this variable.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.variables.get(name).and_then(Value::as_u64)
    }

    fn asks_for(&self, field: &str) -> bool {
        self.fields.iter().any(|(_, name)| name == field)
    }
}

/// The data of a request that needs neither a run nor a store; `None` if it is another one.
pub(crate) fn generic(request: &Request) -> Option<Value> {
    if !request.fields.is_empty() && request.fields.iter().all(|(_, name)| name.starts_with("__")) {
        let name = request.any_text(&["typeName", "name"]).unwrap_or("Type");
        let nothing = json!({ "name": name, "fields": [], "inputFields": [], "enumValues": [] });
        return Some(each(request, &nothing));
    }
    match request.operation.as_str() {
        // With features the client would use more of the protocol. Version 0.22 crashes without the list.
        "ServerFeaturesQuery" => Some(json!({ "serverInfo": { "features": [] } })),
        "ServerInfo" => Some(json!({
            "serverInfo": { "cliVersionInfo": { "max_cli_version": "0.99.0" }, "latestLocalVersionInfo": null },
        })),
        "OrganizationCoreWeaveOrganizationID" => Some(json!({ "entity": null })),
        "ArtifactType" => Some(json!({ "project": { "artifact": null } })),
        "ArtifactByID" => Some(json!({ "artifact": request.text("id").and_then(names::artifact) })),
        "RunFiles" => Some(json!({
            "project": { "internalId": "1", "run": {
                "fileCount": 0,
                "files": { "edges": [], "pageInfo": { "endCursor": null, "hasNextPage": false } },
            } },
        })),
        "UpsertModel" | "upsertModel" | "CreateProject" => {
            let project = names::project(
                request.any_text(&["entity", "entityName"]).unwrap_or(ENTITY),
                request.any_text(&["name", "project", "projectName"]).unwrap_or(names::PROJECT),
            );
            Some(json!({ "upsertModel": {
                "model": project, "project": project, "inserted": false,
            } }))
        }
        _ if !request.is_mutation && request.asks_for("viewer") => Some(json!({ "viewer": viewer() })),
        _ => None,
    }
}

/// Whom the client takes itself for.
fn viewer() -> Value {
    json!({
        "__typename": "User", "id": names::id("User", &["1"]), "name": ENTITY, "entity": ENTITY, "username": ENTITY,
        "email": null, "flags": "{}", "admin": false, "deletedAt": null,
        "apiKeys": { "edges": [] }, "teams": { "edges": [{ "node": { "name": ENTITY } }] },
    })
}

/// The data of a query that is not known, or why a mutation is refused.
pub(crate) fn unknown(request: &Request) -> Result<Value, String> {
    if !request.is_mutation {
        return Ok(each(request, &Value::Null));
    }
    Err(format!("besom does not take the operation '{}' of W&B's protocol", cleaned(&request.operation)))
}

/// The answer with this data.
pub(crate) fn answer(data: &Value) -> Value {
    json!({ "data": data })
}

/// The answer to an operation that was refused.
pub(crate) fn failed(operation: &str, message: &str) -> Value {
    json!({ "errors": [{ "message": message, "path": [cleaned(operation)] }], "data": null })
}

fn cleaned(name: &str) -> String {
    name.chars().filter(|letter| !is_hostile(*letter)).take(100).collect()
}

/// This value for each field of a request.
fn each(request: &Request, value: &Value) -> Value {
    request.fields.iter().map(|(key, _)| (key.clone(), value.clone())).collect::<Map<_, _>>().into()
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// The fields of the operation itself: each key of the answer with the name of the field.
fn fields(query: &str) -> Vec<(String, String)> {
    let (mut found, mut braces, mut rounds) = (Vec::<(String, String)>::new(), 0_usize, 0_usize);
    let mut is_alias = false;
    for word in Words(query) {
        match word {
            "(" => rounds += 1,
            ")" => rounds = rounds.saturating_sub(1),
            _ if rounds > 0 => {}
            "{" => braces += 1,
            // What follows the operation are fragments.
            "}" if braces <= 1 => break,
            "}" => braces -= 1,
            ":" if braces == 1 => is_alias = true,
            name if braces == 1 && is_name(name) => match (std::mem::take(&mut is_alias), found.last_mut()) {
                (true, Some((_, field))) => name.clone_into(field),
                _ => found.push((name.to_owned(), name.to_owned())),
            },
            _ => {}
        }
    }
    found
}

/// The words and signs of a query, without comments and texts.
struct Words<'a>(&'a str);

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            self.0 = self.0.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            let first = self.0.chars().next()?;
            let length = match first {
                '#' => self.0.find('\n').unwrap_or(self.0.len()),
                '"' => end_of_text(self.0),
                c if c.is_ascii_alphanumeric() || c == '_' => {
                    self.0.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.0.len())
                }
                c => c.len_utf8(),
            };
            let (word, rest) = self.0.split_at(length);
            self.0 = rest;
            if !matches!(first, '#' | '"') {
                return Some(word);
            }
        }
    }
}

/// How long the text is with which this begins, its quotes included.
fn end_of_text(text: &str) -> usize {
    let mut is_escaped = false;
    for (place, letter) in text.char_indices().skip(1) {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return place + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(query: &str) -> Request {
        Request::parse(json!({ "query": query, "variables": { "name": "x" } }).to_string().as_bytes())
            .unwrap_or_else(|why| panic!("{query}: {why}"))
    }

    #[test]
    fn an_operation_is_known_by_its_name() {
        let named = request("#graphql\nquery Runs($x: String = \"}\") { project(name: $x) { runs { id } } }");
        assert_eq!((named.operation.as_str(), named.is_mutation), ("Runs", false));
        assert_eq!(named.fields, [("project".to_owned(), "project".to_owned())]);
        assert_eq!(named.text("name"), Some("x"));
        assert!(
            request("mutation UpsertBucket ($id: String) { upsertBucket(input: {id: $id}) { x } }")
                .is_mutation
        );
        assert_eq!(request("{ viewer { id } }").operation, "viewer");
        assert_eq!(request("query { viewer { id } }").operation, "viewer");
    }

    #[test]
    fn introspection_is_answered_for_each_alias() {
        let probe = request(
            "query Probe { QueryType: __type(name: \"Query\") { ...f } ServerInfoType: __type(name: \"ServerInfo\") { ...f } } \
             fragment f on __Type { fields { name } }",
        );
        let data = generic(&probe).expect("it is known");
        assert_eq!(data["QueryType"]["fields"], json!([]));
        assert_eq!(data["ServerInfoType"]["inputFields"], json!([]));
    }

    #[test]
    fn a_client_learns_of_no_features_from_an_empty_list() {
        let asked = request("query ServerFeaturesQuery { serverInfo { features { name isEnabled } } }");
        assert_eq!(generic(&asked), Some(json!({ "serverInfo": { "features": [] } })), "null crashes 0.22");
    }

    #[test]
    fn an_unknown_query_has_no_answer_and_an_unknown_mutation_is_refused_by_name() {
        let query = request("query New { project { x } other: entity { y } }");
        assert_eq!(unknown(&query), Ok(json!({ "project": null, "other": null })));
        let mutation = request("mutation DeleteRun($id: ID!) { deleteRun(input: {id: $id}) { ok } }");
        assert!(unknown(&mutation).is_err_and(|why| why.contains("'DeleteRun'")));
    }

    #[test]
    fn what_is_no_request_says_why() {
        for body in
            ["", "[]", "{}", r#"{"query": 1}"#, r#"{"query": "subscription X { y }"}"#, r#"{"query": ""}"#]
        {
            assert!(Request::parse(body.as_bytes()).is_err(), "{body}");
        }
        assert!(Request::parse(b"\xff").is_err());
        for query in ["{", "{{{", "query", "query X", "{ a(", "{ \"", "{ a: }", "{ }}} b }"] {
            drop(unknown(&request(query)));
        }
    }
}
