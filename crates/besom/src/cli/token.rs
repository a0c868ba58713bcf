//! `besom token`: who may use the server of a store.

use anyhow::Result;
use besom_engine::Place;
use besom_server::{Scope, Token, Tokens};
use serde_json::{Value, json};

use crate::cli::arguments::TokenArguments;
use crate::cli::output::{self, Outcome, line, notice};
use crate::cli::{table, target};
use crate::error::InputError;

pub(crate) fn token(place: &Place, arguments: &TokenArguments) -> Result<Outcome> {
    let Some(directory) = place.directory().filter(|_| place.url().is_none()) else {
        let message = "tokens are created on the machine of the store: name its directory with --store";
        return Err(InputError::new(message).into());
    };
    // Tokens of a store that is not there would be a surprise.
    let store = if place.is_elsewhere() { place.open_or_create() } else { place.open_to_read() };
    drop(store?);
    let tokens = Tokens::open(Some(directory))?;
    if let Some(name) = &arguments.revoke {
        tokens.revoke(name)?;
        notice(format!("token {name} is revoked"));
        return Ok(Outcome::Done);
    }
    match scope(place, arguments)? {
        Some(scope) => create(&tokens, scope, arguments),
        None => list(&tokens, arguments.json),
    }
}

/// What the new token is for; `None` if none is asked for.
fn scope(place: &Place, arguments: &TokenArguments) -> Result<Option<Scope>> {
    Ok(match &arguments.agent {
        Some(Some(id)) => {
            let sweep = target::sweep(&mut *place.open_to_read()?, place, id)?;
            Some(Scope::Agent(Some(sweep.new.id)))
        }
        Some(None) => Some(Scope::Agent(None)),
        None if arguments.wandb => Some(Scope::Wandb),
        None => arguments.read.then_some(Scope::Read),
    })
}

fn create(tokens: &Tokens, scope: Scope, arguments: &TokenArguments) -> Result<Outcome> {
    let (token, secret) = tokens.add(scope, arguments.name.as_deref())?;
    if arguments.json {
        let mut value = as_json(&token);
        value["token"] = secret.into();
        output::json(&value)?;
    } else {
        line(secret)?;
        notice(format!(
            "token {name} is not stored and cannot be shown again; revoke it with: besom token --revoke {name}",
            name = token.name
        ));
    }
    Ok(Outcome::Done)
}

fn list(tokens: &Tokens, is_json: bool) -> Result<Outcome> {
    let tokens = tokens.list();
    if is_json {
        output::json(&tokens.iter().map(as_json).collect::<Vec<_>>())?;
        return Ok(Outcome::Done);
    }
    let mut rows = table::table(&["name", "allows", "sweep"], &[]);
    for token in &tokens {
        let sweep = match &token.scope {
            Scope::Agent(Some(sweep)) => sweep.to_string(),
            Scope::Agent(None) => "all".to_owned(),
            _ => String::new(),
        };
        rows.add_row([token.name.clone(), token.scope.as_str().to_owned(), sweep]);
    }
    line(table::text(&rows))?;
    Ok(Outcome::Done)
}

fn as_json(token: &Token) -> Value {
    let sweep = match &token.scope {
        Scope::Agent(sweep) => sweep.as_ref().map(ToString::to_string),
        _ => None,
    };
    json!({"name": token.name, "scope": token.scope.as_str(), "sweep": sweep})
}
