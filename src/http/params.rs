//! Query parameters, each named when it is wrong. A parameter that a resource
//! does not know is an error: a misspelt `zone` must not mean "any zone".

use std::collections::BTreeMap;
use std::fmt::Display;
use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::web::Query;
use actix_web::{FromRequest, HttpRequest};

use crate::problem::Problem;

/// The parameters of a request that nobody has taken yet.
#[derive(Debug, Default)]
pub struct Params(BTreeMap<String, String>);

impl Params {
    /// Parses the part of an address behind the question mark.
    pub fn parse(query: &str) -> Result<Self, Problem> {
        let pairs = Query::<Vec<(String, String)>>::from_query(query)
            .map_err(|error| Problem::invalid("query", error.to_string()))?
            .into_inner();
        let mut params = BTreeMap::new();
        for (name, value) in pairs {
            if params.insert(name.clone(), value).is_some() {
                return Err(Problem::invalid(&name, "is given more than once"));
            }
        }
        Ok(Self(params))
    }

    /// Takes a parameter; an empty one counts as absent.
    pub fn take<T>(&mut self, name: &str) -> Result<Option<T>, Problem>
    where
        T: FromStr<Err: Display>,
    {
        match self.0.remove(name).filter(|value| !value.is_empty()) {
            None => Ok(None),
            Some(text) => match text.parse() {
                Ok(value) => Ok(Some(value)),
                Err(error) => Err(Problem::invalid(name, error.to_string())),
            },
        }
    }

    /// Takes a parameter that holds several values, separated by commas.
    pub fn take_list<T>(&mut self, name: &str) -> Result<Vec<T>, Problem>
    where
        T: FromStr<Err: Display>,
    {
        let text = self.0.remove(name).unwrap_or_default();
        let parts = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        parts
            .map(|part| {
                part.parse()
                    .map_err(|error: T::Err| Problem::invalid(name, error.to_string()))
            })
            .collect()
    }

    /// Takes a parameter that is a switch: absent, `true`, `1` or `false`, `0`.
    pub fn take_switch(&mut self, name: &str) -> Result<bool, Problem> {
        match self.0.remove(name).as_deref() {
            None | Some("false" | "0") => Ok(false),
            Some("" | "true" | "1") => Ok(true),
            Some(_) => Err(Problem::invalid(name, "is true or false")),
        }
    }

    /// Takes `limit`: how many entries a page may have.
    pub fn take_limit(&mut self, default: u32, most: u32) -> Result<u32, Problem> {
        match self.take::<u32>("limit")? {
            None => Ok(default),
            Some(limit) if (1..=most).contains(&limit) => Ok(limit),
            Some(_) => Err(Problem::invalid(
                "limit",
                format!("is a number from 1 to {most}"),
            )),
        }
    }

    /// Refuses what nobody has taken.
    pub fn finish(self) -> Result<(), Problem> {
        match self.0.into_keys().next() {
            None => Ok(()),
            Some(name) => Err(Problem::invalid(
                &name,
                "is not a parameter of this resource",
            )),
        }
    }
}

impl FromRequest for Params {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::parse(request.query_string()))
    }
}

/// Parses a part of the path; a text that cannot name such a thing names
/// nothing that exists.
pub fn path_part<T>(name: &str, text: &str) -> Result<T, Problem>
where
    T: FromStr<Err: Display>,
{
    text.parse()
        .map_err(|error: T::Err| Problem::not_found(format!("{name}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use offercast_contract::ZoneId;

    #[test]
    fn wrong_parameters_are_named() {
        let mut params = Params::parse("zone=a%2Fb&at=").unwrap();
        let problem = params.take::<ZoneId>("zone").unwrap_err();
        assert_eq!(problem.errors[0].field.as_deref(), Some("zone"));
        assert!(problem.detail.contains("a/b"), "{}", problem.detail);
        assert_eq!(params.take::<u64>("at").unwrap(), None);
        params.finish().unwrap();
    }

    #[test]
    fn unknown_and_doubled_parameters_are_refused() {
        let problem = Params::parse("zones=1").unwrap().finish().unwrap_err();
        assert_eq!(problem.errors[0].field.as_deref(), Some("zones"));
        assert!(Params::parse("zone=1&zone=2").is_err());
    }

    #[test]
    fn lists_and_switches() {
        let mut params = Params::parse("complete_for=0204,%200613&dry_run").unwrap();
        let zones: Vec<ZoneId> = params.take_list("complete_for").unwrap();
        assert_eq!(zones.len(), 2);
        assert!(params.take_switch("dry_run").unwrap());
        assert!(!params.take_switch("explain").unwrap());
        assert!(
            Params::parse("limit=0")
                .unwrap()
                .take_limit(10, 100)
                .is_err()
        );
    }
}
