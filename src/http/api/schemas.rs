//! The shapes of what is read and written, for the OpenAPI document.
//!
//! Most of them belong to the contract and the domain, which know nothing of
//! OpenAPI; so they are written down in `schemas.json`, by name. Tests compare
//! them with real answers.

use std::borrow::Cow;

use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// All shapes, as JSON Schema by name.
pub const SCHEMAS: &str = include_str!("schemas.json");

macro_rules! named {
    ($($name:ident)*) => {
        $(
            /// Stands for the shape of that name.
            #[derive(Debug)]
            pub struct $name;

            impl PartialSchema for $name {
                // Replaced by the one in `schemas.json`.
                fn schema() -> RefOr<Schema> {
                    ObjectBuilder::new().into()
                }
            }

            impl ToSchema for $name {
                fn name() -> Cow<'static, str> {
                    Cow::Borrowed(stringify!($name))
                }
            }
        )*

        /// The names of all shapes that handlers refer to.
        pub const NAMES: &[&str] = &[$(stringify!($name),)*];
    };
}

named! {
    Asked Audit Board Change ChangeSets Channel Digests Epoch Facts Health History ImportForm
    ImportReport LoginFields Markets Position Preview ProductWithPrices Products Published
    Quote
    PullPage RevisionWithDelta Revisions Started Switched Terms
}
