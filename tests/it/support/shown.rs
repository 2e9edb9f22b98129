//! What customers and tills see, read without any of the product's code.

use std::path::Path;

use serde_json::Value;

/// The price in a site's fragment: the same in the JSON-LD and in the data
/// value that stands beside the words, or the fragment contradicts itself.
pub(crate) fn price_in_fragment(html: &str) -> String {
    let after = |start: &str| -> &str {
        let at = html
            .find(start)
            .unwrap_or_else(|| panic!("no {start} in {html}"));
        &html[at + start.len()..]
    };
    let json = after("<script type=\"application/ld+json\">");
    let json = &json[..json.find("</script>").unwrap()];
    let linked: Value = serde_json::from_str(json).unwrap();
    let linked = linked["offers"]["price"].as_str().unwrap().to_owned();
    let data = after("data-claim=\"price\" value=\"");
    let data = &data[..data.find('"').unwrap()];
    assert_eq!(data, linked, "the fragment contradicts itself: {html}");
    linked
}

/// The price in the app's document.
pub(crate) fn price_in_document(json: &str) -> String {
    let document: Value = serde_json::from_str(json).unwrap();
    document["price"]["amount"].as_str().unwrap().to_owned()
}

/// The ware lines of a goods file, by code; none where there is no file.
pub(crate) fn wares(file: &Path) -> Option<Vec<Vec<String>>> {
    let bytes = std::fs::read(file).ok()?;
    // Codes and prices are ASCII; names do not matter here.
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines[0], "##@@&&", "{text}");
    let mut command = "";
    let mut wares = Vec::new();
    for line in &lines[2..] {
        if line.starts_with("$$$") {
            command = line;
        } else if command == "$$$REPLACEQUANTITYWITHOUTSALE" && !line.is_empty() {
            let fields: Vec<String> = line.split(';').map(str::to_owned).collect();
            assert_eq!(fields.len(), 17, "{line}");
            wares.push(fields);
        }
    }
    Some(wares)
}

/// The price of a ware in a goods file.
pub(crate) fn price_in_file(file: &Path, sku: &str) -> Option<String> {
    let wares = wares(file)?;
    let found: Vec<_> = wares
        .into_iter()
        .filter(|fields| fields[0] == sku)
        .collect();
    assert!(found.len() <= 1, "{sku} stands twice in {}", file.display());
    found.into_iter().next().map(|fields| fields[4].clone())
}
