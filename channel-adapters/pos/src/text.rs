//! Names made fit for the till.
//!
//! A till must sell what is in the shop, so an item is not held because of a
//! letter: letters that Windows-1251 lacks are transliterated, what has no
//! transliteration becomes `?`. For that reason the family declares the name as
//! omitted from what is compared.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1251;

/// The longest name or receipt text, in letters.
pub const NAME_LETTERS: usize = 100;

/// Latin letters with marks, and the plain letters they are written with.
const PLAIN: [(&str, &str); 28] = [
    ("ąàáâãåāăạæ", "a"),
    ("ĄÀÁÂÃÅĀĂÆ", "A"),
    ("çćčċ", "c"),
    ("ÇĆČĊ", "C"),
    ("ďđð", "d"),
    ("ĎĐÐ", "D"),
    ("ęèéêëēěė", "e"),
    ("ĘÈÉÊËĒĚĖ", "E"),
    ("ìíîïīįı", "i"),
    ("ÌÍÎÏĪĮİ", "I"),
    ("łĺľļ", "l"),
    ("ŁĹĽĻ", "L"),
    ("ñńňņ", "n"),
    ("ÑŃŇŅ", "N"),
    ("òóôõøōőœ", "o"),
    ("ÒÓÔÕØŌŐŒ", "O"),
    ("ŕřŗ", "r"),
    ("ŔŘŖ", "R"),
    ("śšşșŝ", "s"),
    ("ŚŠŞȘŜ", "S"),
    ("ťţțþ", "t"),
    ("ŤŢȚÞ", "T"),
    ("ùúûūůűų", "u"),
    ("ÙÚÛŪŮŰŲ", "U"),
    ("ýÿ", "y"),
    ("ÝŸ", "Y"),
    ("źżž", "z"),
    ("ŹŻŽ", "Z"),
];

/// Letters that are written with several.
const SEVERAL: [(char, &str); 10] = [
    ('ä', "ae"),
    ('ö', "oe"),
    ('ü', "ue"),
    ('Ä', "Ae"),
    ('Ö', "Oe"),
    ('Ü', "Ue"),
    ('ß', "ss"),
    ('₽', "руб."),
    ('×', "x"),
    ('²', "2"),
];

/// Makes a text fit for one field: no separator, no line break, only what
/// Windows-1251 has, at most `letters` letters. Empty where nothing legible
/// remains.
#[must_use]
pub fn fit(text: &str, letters: usize) -> String {
    let mut fitted = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            ';' => fitted.push(','),
            letter if letter.is_control() => fitted.push(' '),
            letter if is_mark(letter) => {}
            letter if is_encodable(letter) => fitted.push(letter),
            letter => fitted.push_str(transliterated(letter)),
        }
    }
    let words: Vec<&str> = fitted.split_whitespace().collect();
    let cut: String = words.join(" ").chars().take(letters).collect();
    if cut.chars().any(char::is_alphanumeric) {
        cut.trim_end().to_owned()
    } else {
        String::new()
    }
}

/// What every value of a template passes: it can neither end the field nor
/// the line.
#[must_use]
pub fn escape(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            ';' => ',',
            letter if letter.is_control() => ' ',
            letter => letter,
        })
        .collect()
}

/// Windows-1251 bytes; `None` where a letter has none.
#[must_use]
pub fn encode(text: &str) -> Option<Vec<u8>> {
    let (bytes, _, has_unmappable) = WINDOWS_1251.encode(text);
    (!has_unmappable).then(|| bytes.into_owned())
}

/// The text of Windows-1251 bytes; every byte has a meaning.
#[must_use]
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    WINDOWS_1251.decode_without_bom_handling(bytes).0
}

fn is_encodable(letter: char) -> bool {
    let mut buffer = [0; 4];
    !WINDOWS_1251.encode(letter.encode_utf8(&mut buffer)).2
}

/// Combining marks, joiners and variation selectors have no letter of their own.
fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}')
}

fn transliterated(letter: char) -> &'static str {
    let several = SEVERAL.iter().find(|(of, _)| *of == letter);
    let plain = || PLAIN.iter().find(|(of, _)| of.contains(letter));
    match several {
        Some((_, text)) => text,
        None => plain().map_or("?", |(_, text)| text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_fit() {
        for (name, fitted) in [
            ("Сыр «Российский»; 50 %", "Сыр «Российский», 50 %"),
            ("Łódź ąęśćńó čćžšđ", "Lodz aescno cczsd"),
            ("Cafe\u{301} 🧀", "Cafe ?"),
            ("a\r\n$$$DELETEALLWARES", "a $$$DELETEALLWARES"),
            ("Müller €5 №1", "Mueller €5 №1"),
            ("🧀🧀", ""),
            (" ; ", ""),
        ] {
            assert_eq!(fit(name, NAME_LETTERS), fitted, "{name}");
        }
        assert_eq!(fit(&"ж".repeat(300), NAME_LETTERS).chars().count(), 100);
    }

    #[test]
    fn all_that_is_fit_can_be_encoded_and_read() {
        for name in ["Ё№«»€—…", "Łąß₽", "Sencha 煎茶"] {
            let fitted = fit(name, NAME_LETTERS);
            let bytes = encode(&fitted).unwrap();
            assert_eq!(decode(&bytes), fitted);
        }
        assert_eq!(encode("煎"), None);
    }
}
