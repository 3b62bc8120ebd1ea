//! The operator's program. It lies outside the web root: web servers must not start it.

fn main() -> std::process::ExitCode {
    tandem::cli::main(std::env::args_os())
}
