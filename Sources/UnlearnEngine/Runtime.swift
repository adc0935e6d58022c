// The one place where threads and determinism are set.

internal import CTorch
internal import Foundation
internal import Synchronization
internal import UnlearnFormats

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

    /// How many processors this process may use: by its affinity, and by the share of its control group, as in a
    /// container. More threads than that wait for each other.
    public static var usableProcessors: Int {
        let count = ProcessInfo.processInfo.activeProcessorCount
        return ControlGroup.processors.map { max(1, min(count, Int($0.rounded(.up)))) } ?? count
    }

    /// Those of them that other programs leave free, at least one. A thread that has to share its processor holds up all
    /// others, which spin meanwhile: with one of two processors busy, two threads took twice as long as one.
    public static var freeProcessors: Int {
        max(1, min(usableProcessors, ProcessInfo.processInfo.processorCount - Load.busyProcessors()))
    }

    /// Sets the number of threads (nil: as many as libtorch chooses) and asks for deterministic kernels.
    public static func configure(threads: Int?) {
        Parallel.use(threads: threads ?? 0)
        if ct_configure(Int32(threads ?? 0)) != 0 { engineFailure("configure", []) }
    }
}

/// What other programs do.
enum Load {
    /// How many processors they keep busy, as the mean of a few looks; 0 where the system does not tell.
    static func busyProcessors(looks: Int = 10) -> Int {
        var sum = 0
        for _ in 0..<looks {
            guard let text = try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8), let running = running(text)
            else { return 0 }
            // One of them is looking.
            sum += max(0, running - 1)
            usleep(2000)
        }
        return Int((Double(sum) / Double(looks)).rounded())
    }

    /// "0.20 0.18 0.12 3/80 11206": three threads of eighty run.
    static func running(_ text: String) -> Int? {
        let words = text.split(separator: " ")
        return words.count == 5 ? words[3].split(separator: "/").first.flatMap { Int($0) } : nil
    }
}

/// The control group of this process on Linux, which may have a share of the machine's processors.
enum ControlGroup {
    /// The smallest share that the group and those above it have; nil without one.
    static var processors: Double? {
        let root = URL(filePath: "/sys/fs/cgroup")
        guard let groups = text(URL(filePath: "/proc/self/cgroup")) else { return nil }
        // Version 2 has a line "0::/path".
        guard let path = groups.split(separator: "\n").first(where: { $0.hasPrefix("0::/") })?.dropFirst(4) else {
            return nil
        }
        var folders = [root]
        for part in path.split(separator: "/") { folders.append(folders[folders.count - 1].appending(path: part)) }
        return folders.compactMap { text($0.appending(path: "cpu.max")).flatMap(share) }.min()
    }

    /// "150000 100000": that many microseconds of processors in each so many; "max 100000": no limit.
    static func share(_ text: String) -> Double? {
        let numbers = text.split(whereSeparator: \.isWhitespace).map { Double($0) }
        guard numbers.count == 2, let quota = numbers[0], let period = numbers[1], quota > 0, period > 0 else {
            return nil
        }
        return quota / period
    }

    private static func text(_ url: URL) -> String? { try? String(contentsOf: url, encoding: .utf8) }
}
