mod catalogue;
mod floors;
mod guards;
mod intervals;
mod law;
mod policy;
mod promotions;
mod reverts;
mod rows;

use serde_json::Value;

/// A change with some members replaced.
fn but(mut change: Value, members: &Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        change[name] = value.clone();
    }
    change
}
