fn main() {
    napi_build::setup();
    // Rayon's threads live as long as the process. Node unloads the library with the worker thread that loaded it last, and
    // they would go on in memory that is gone: the library stays.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
