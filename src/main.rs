//! Arguments in, exit code out.

fn main() -> std::process::ExitCode {
    rust_junosmcp::cli::main(std::env::args_os())
}
