// The one place where threads and determinism are set.

internal import CTorch

/// The process-wide settings of the engine.
public enum Runtime {
    /// The version of libtorch that this binary runs with.
    public static var libtorchVersion: String { String(cString: ct_version()) }

    /// Threads used inside one operation.
    public static var threads: Int { Int(ct_threads()) }

    /// Sets the number of threads (nil: as many as libtorch chooses) and asks for deterministic kernels.
    public static func configure(threads: Int?) {
        if ct_configure(Int32(threads ?? 0), true) != 0 { engineFailure("configure", []) }
    }
}
