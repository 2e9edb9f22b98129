//! `offercast token`.

use std::process::ExitCode;

use offercast_contract::Hash;

use super::{Failure, say};

const SCOPES: [&str; 4] = ["read", "write", "adapter", "admin"];

/// A new secret: 32 random bytes in hexadecimal.
pub(super) fn secret() -> Result<String, Failure> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| Failure::new(format!("no randomness: {error}")))?;
    Ok(Hash::from_bytes(bytes).to_string())
}

pub(super) fn run(name: &str, scopes: &[String]) -> Result<ExitCode, Failure> {
    if let Some(unknown) = scopes
        .iter()
        .find(|scope| !SCOPES.contains(&scope.as_str()))
    {
        return Err(Failure::new(format!(
            "--scopes: {unknown:?} is not one of {}",
            SCOPES.join(", ")
        )));
    }
    let secret = secret()?;
    let quoted: Vec<String> = scopes.iter().map(|scope| format!("{scope:?}")).collect();
    say(format!("token: {secret}"));
    say("");
    say("[[tokens]]");
    say(format!("name = {name:?}"));
    say(format!("scopes = [{}]", quoted.join(", ")));
    say(format!("sha256 = \"{}\"", Hash::of(&[secret.as_bytes()])));
    Ok(ExitCode::SUCCESS)
}
