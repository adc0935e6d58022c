// How the program ends once there is nothing left to do: at once.

import Foundation

enum QuickExit {
    /// Leaves without the destructors of libraries: libtorch would take its thousands of operators out of their tables one
    /// by one, .07 s of the .24 that `--help` took. What is buffered for standard output is written first. Call once, before anything
    /// that may end the program; systems without `on_exit`, which tells the status, end as they always do.
    static func arrange() {
        #if canImport(Glibc)
            on_exit(
                { status, _ in
                    fflush(nil)
                    _exit(status)
                }, nil)
        #endif
    }
}
