mod books;
mod folding;
mod law;
mod model;
