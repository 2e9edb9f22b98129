//! Who asks, and whether they may.

use std::collections::BTreeSet;
use std::future::{Ready, ready};

use actix_web::cookie::Cookie;
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::{FromRequest, HttpRequest, web};
use offercast_contract::Hash;
use subtle::ConstantTimeEq;

use crate::options::{Scope, Token};
use crate::problem::{Kind, Problem};
use crate::state::Shared;

/// The cookie that holds a session's token.
pub const SESSION_COOKIE: &str = "offercast_session";
/// A header that no page of another site can set without asking first.
pub const CSRF: HeaderName = HeaderName::from_static("x-offercast-csrf");

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Somebody with a valid token, by header or by session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The token's name: the author in the log.
    pub name: String,
    /// What the token allows.
    pub scopes: BTreeSet<Scope>,
}

impl Actor {
    /// Whether the actor may do what `scope` allows.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|own| own.contains(scope))
    }

    /// Refuses an actor without the scope.
    pub fn require(&self, scope: Scope) -> Result<(), Problem> {
        if self.may(scope) {
            return Ok(());
        }
        let detail = format!("The token {:?} has no scope {scope}.", self.name);
        Err(Problem::new(Kind::Forbidden, detail))
    }
}

/// The actor of a request: none without credentials, a problem with wrong ones
/// or with a session used from another site.
pub fn identify(request: &HttpRequest) -> Result<Option<Actor>, Problem> {
    let Some(shared) = request.app_data::<web::Data<Shared>>() else {
        return Ok(None);
    };
    let tokens = &shared.options.tokens;
    if let Some(value) = request.headers().get(header::AUTHORIZATION) {
        let secret = value.to_str().ok().and_then(bearer);
        return match secret.and_then(|secret| find(tokens, secret)) {
            Some(actor) => Ok(Some(actor)),
            None => Err(unauthorized("The token is not a valid one.", true)),
        };
    }
    let Some(actor) = request
        .cookie(SESSION_COOKIE)
        .and_then(|cookie: Cookie<'_>| find(tokens, cookie.value()))
    else {
        // A session whose token was taken back is no session.
        return Ok(None);
    };
    if !request.method().is_safe() && !is_same_origin(request.headers()) {
        let detail = format!("Set the header {CSRF}: 1.");
        return Err(Problem::new(Kind::CrossSite, detail));
    }
    Ok(Some(actor))
}

fn unauthorized(detail: &str, given: bool) -> Problem {
    // RFC 6750, 3: no error code where no credentials were given.
    let challenge = if given {
        "Bearer realm=\"offercast\", error=\"invalid_token\""
    } else {
        "Bearer realm=\"offercast\""
    };
    Problem::new(Kind::Unauthorized, detail).with_header(header::WWW_AUTHENTICATE, challenge)
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, secret) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

/// The token with that secret. All are compared, each in constant time, by
/// their hashes: how long it takes tells nothing about any secret.
#[must_use]
pub fn find(tokens: &[Token], secret: &str) -> Option<Actor> {
    let given = Hash::of(&[secret.as_bytes()]);
    let mut found = None;
    for token in tokens {
        let equal = token.sha256.as_bytes().ct_eq(given.as_bytes());
        if bool::from(equal) {
            found = Some(token);
        }
    }
    found.map(|token| Actor {
        name: token.name.clone(),
        scopes: token.scopes.clone(),
    })
}

/// Whether a request with a session comes from our own pages: the browser says
/// so, or a header is there that a foreign page may not set.
#[must_use]
pub fn is_same_origin(headers: &HeaderMap) -> bool {
    let own = headers.get(&CSRF).is_some_and(|value| value == "1");
    let site = headers.get(&SEC_FETCH_SITE);
    own || site.is_some_and(|value| value == "same-origin")
}

/// The actor of a request, who must have a scope.
pub fn require(request: &HttpRequest, scope: Scope) -> Result<Actor, Problem> {
    let Some(actor) = identify(request)? else {
        let detail = format!("Send Authorization: Bearer with a token that has the scope {scope}.");
        return Err(unauthorized(&detail, false));
    };
    actor.require(scope)?;
    Ok(actor)
}

/// Refuses a reader without a token where reading is not public.
pub fn may_read(request: &HttpRequest) -> Result<(), Problem> {
    let shared = request.app_data::<web::Data<Shared>>();
    if shared.is_some_and(|shared| shared.options.public_reads) {
        return Ok(());
    }
    require(request, Scope::Read).map(|_| ())
}

/// Whether the request comes from somebody who may edit, and so may see what
/// stays inside: costs, floors, and what is for one person.
#[must_use]
pub fn may_write(request: &HttpRequest) -> bool {
    let actor = identify(request).ok().flatten();
    actor.is_some_and(|actor| actor.may(Scope::Write))
}

impl FromRequest for Actor {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(identify(request).and_then(|actor| {
            actor.ok_or_else(|| unauthorized("Sign in, or send Authorization: Bearer.", false))
        }))
    }
}

/// Proof that the request may read.
#[derive(Debug, Clone, Copy)]
pub struct Reader;

impl FromRequest for Reader {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(may_read(request).map(|()| Self))
    }
}

macro_rules! actor_with_scope {
    ($(#[$doc:meta])* $name:ident, $scope:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(pub Actor);

        impl FromRequest for $name {
            type Error = Problem;
            type Future = Ready<Result<Self, Problem>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                ready(require(request, $scope).map(Self))
            }
        }
    };
}

actor_with_scope!(
    /// Somebody who may read what is never public: drafts.
    Insider,
    Scope::Read
);
actor_with_scope!(
    /// Somebody who may edit.
    Writer, Scope::Write
);
actor_with_scope!(
    /// Somebody who may use the switches.
    Admin, Scope::Admin
);
actor_with_scope!(
    /// An adapter.
    Adapter, Scope::Adapter
);

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    #[test]
    fn tokens_are_found_by_their_secret() {
        let tokens = [
            Token::new("till", "one", [Scope::Adapter]),
            Token::new("ana", "two", [Scope::Write]),
        ];
        let actor = find(&tokens, "two").unwrap();
        assert_eq!(actor.name, "ana");
        assert!(actor.may(Scope::Read) && actor.require(Scope::Admin).is_err());
        assert_eq!(find(&tokens, "three"), None);
        assert_eq!(find(&tokens, ""), None);
        assert_eq!(bearer("bearer two"), Some("two"));
        assert_eq!(bearer("Basic two"), None);
    }

    #[test]
    fn a_session_writes_from_our_own_pages_only() {
        let with = |name: HeaderName, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            headers
        };
        assert!(is_same_origin(&with(CSRF, "1")));
        assert!(is_same_origin(&with(SEC_FETCH_SITE, "same-origin")));
        assert!(!is_same_origin(&with(SEC_FETCH_SITE, "cross-site")));
        assert!(!is_same_origin(&HeaderMap::new()));
    }
}
