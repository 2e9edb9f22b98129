//! The conformance suite, on the template that ships.

#![allow(clippy::unwrap_used)]

use offercast_kit::conformance;
use offercast_site::{Site, default_template};

#[test]
fn the_site_conforms() {
    match conformance::run(&Site::new(), &default_template()) {
        Ok(report) => {
            assert!(report.passed > 100, "{report:?}");
            assert_eq!(report.held, Vec::new());
        }
        Err(failures) => panic!("{failures:#?}"),
    }
}
