// The one place where threads and determinism are set.

internal import CTorch
internal import Foundation
internal import Synchronization

/// The process-wide settings of the engine.
public enum Runtime {
    /// The version of libtorch that this binary runs with.
    public static var libtorchVersion: String { String(cString: ct_version()) }

    /// The version of the compiler that built this binary, to the minor number.
    public static var swiftVersion: String {
        #if compiler(>=6.4)
            "6.4 or newer"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }

    /// The most memory that this process has held so far, in bytes.
    public static var peakMemoryBytes: Int {
        var usage = rusage()
        #if canImport(Glibc)
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
            return usage.ru_maxrss * 1024
        #else
            getrusage(RUSAGE_SELF, &usage)
            return usage.ru_maxrss
        #endif
    }

    /// How the process ends when an operation gets no memory; nil: like any other failure of the engine.
    private static let ending = Mutex<(@Sendable () -> Never)?>(nil)

    /// Says how the process is to end when an operation gets no memory. No caller could go on without its result.
    public static func whenMemoryIsUsedUp(_ end: @escaping @Sendable () -> Never) {
        ending.withLock { $0 = end }
    }

    static func endForWantOfMemory() {
        ending.withLock { $0 }?()
    }

    /// Gives back what was freed and kept for the next operation: worth it between two kinds of work, whose tensors are of
    /// other sizes.
    public static func trimMemory() { ct_trim() }

    /// Threads used inside one operation.
    public static var threads: Int { Int(ct_threads()) }

    /// Sets the number of threads (nil: as many as libtorch chooses) and asks for deterministic kernels.
    public static func configure(threads: Int?) {
        if ct_configure(Int32(threads ?? 0), true) != 0 { engineFailure("configure", []) }
    }
}
