mod books;
mod folding;
mod model;
