//! The `levy-escape` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    levy_escape::cli::main()
}
