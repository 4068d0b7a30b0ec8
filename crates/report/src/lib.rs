//! A serialisable Report to terminal tables and one self-contained HTML page.
