//! Writes each sample as the site shows it, with the claims that it must make,
//! for independent readers: `cargo run -p offercast-site --example
//! oracle_samples -- DIR`, then `tests/oracles/site_jsonld.py DIR`.

use std::error::Error;
use std::path::PathBuf;

use offercast_contract::{canonical_bytes, project};
use offercast_kit::samples::{self, LOCALES};
use offercast_kit::{Family, Shown};
use offercast_site::{Site, default_template};

fn main() -> Result<(), Box<dyn Error>> {
    let directory: PathBuf = std::env::args_os()
        .nth(1)
        .ok_or("usage: oracle_samples DIR")?
        .into();
    std::fs::create_dir_all(&directory)?;
    let (site, template) = (Site::new(), default_template());
    let renderer = site.compile(&template)?;
    for locale in LOCALES {
        let channel = samples::channel(&site, &template, locale)?;
        let view = channel.views.first().ok_or("the channel has no view")?;
        for (number, sample) in samples::samples()?.iter().enumerate() {
            let (sku, facts, terms) = (&sample.sku, &sample.facts, &sample.terms);
            let until = sample.until;
            let artefact = renderer.render(&Shown {
                channel: &channel,
                view,
                sku,
                facts,
                terms,
                until,
            })?;
            let claims = project(&channel, sku, facts, terms, until);
            let path = directory.join(format!("{locale}-{number:02}.html"));
            std::fs::write(&path, &artefact.body)?;
            std::fs::write(path.with_extension("json"), canonical_bytes(&claims))?;
        }
    }
    Ok(())
}
