//! Text outside of claims, put together as it reads.

/// Collects it. A customer reads `<b>9</b><sup>99</sup> €` as one amount, so
/// runs are put together before anybody looks for amounts in them.
#[derive(Default)]
pub(super) struct Loose {
    texts: Vec<String>,
    /// The text of the block that is under way.
    line: String,
    /// Figures and signs that stand alone in blocks that follow each other.
    figures: String,
    /// The last letter that is shown in this block, and whose it is.
    last: Option<(Owner, char)>,
}

/// Whose a piece of text is: a claim's, by its number, or nobody's.
type Owner = Option<usize>;

impl Loose {
    /// Text that belongs to no claim; the error says what it runs into.
    pub(super) fn text(&mut self, text: &str) -> Result<(), String> {
        self.follow(None, text)?;
        self.line.push_str(text);
        Ok(())
    }

    /// Text that belongs to a claim.
    pub(super) fn claimed(&mut self, claim: usize, text: &str) -> Result<(), String> {
        self.follow(Some(claim), text)?;
        if !text.trim().is_empty() {
            self.end_line();
            self.end_figures();
        }
        Ok(())
    }

    /// Text on its own.
    pub(super) fn aside(&mut self, text: &str) {
        self.texts.push(text.trim().to_owned());
    }

    /// A block begins or ends.
    pub(super) fn block(&mut self) {
        self.end_line();
        self.last = None;
    }

    /// All of it.
    pub(super) fn finish(mut self) -> Vec<String> {
        self.end_line();
        self.end_figures();
        self.texts.retain(|text| !text.is_empty());
        self.texts
    }

    /// What stands right beside a claim's figures is read with them: a stray
    /// `1` before `9.99` makes it another price.
    fn follow(&mut self, owner: Owner, text: &str) -> Result<(), String> {
        if text.contains(['\u{202d}', '\u{202e}']) {
            return Err("text whose direction is overridden reads otherwise".to_owned());
        }
        let (Some(first), Some(last)) = (text.chars().next(), text.chars().next_back()) else {
            return Ok(());
        };
        if let Some((before, letter)) = self.last
            && before != owner
            && is_figure(letter)
            && is_figure(first)
        {
            return Err(format!(
                "{letter:?} and {first:?} of different claims run together"
            ));
        }
        self.last = Some((owner, last));
        Ok(())
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        if line.chars().all(is_figure) {
            self.figures.push_str(line);
        } else {
            self.end_figures();
        }
        self.texts.push(line.to_owned());
    }

    fn end_figures(&mut self) {
        let figures = std::mem::take(&mut self.figures);
        self.texts.push(figures);
    }
}

/// What amounts are made of: figures, separators, signs of currencies. Not
/// letters, which also abbreviate currencies: words stand side by side anywhere.
fn is_figure(letter: char) -> bool {
    letter.is_numeric()
        || ".,'’-−+%\u{a0}\u{202f}".contains(letter)
        || matches!(letter, '$' | '£' | '¥' | '₠'..='₿')
}
