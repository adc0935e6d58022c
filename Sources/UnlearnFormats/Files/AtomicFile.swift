// Output that appears complete or not at all: written under a temporary name beside its place, then renamed.
public import Foundation

/// Whole files, written atomically.
public enum AtomicFile {
    /// Writes `data` to `url`, replacing a file that is there only when everything is on disk.
    public static func write(_ data: Data, to url: URL) throws(FormatError) {
        var pending = try PendingFile(url)
        let result = data.withUnsafeBytes { bytes in
            Result { () throws(FormatError) in try pending.write(bytes) }
        }
        try result.get()
        try pending.commit()
    }

    public static func write(_ text: String, to url: URL) throws(FormatError) {
        try write(Data(text.utf8), to: url)
    }
}

/// A folder that gets its name only when it is complete; abandoned, it is removed.
public final class AtomicDirectory {
    /// The folder's final place.
    public let destination: URL
    /// Where to write until `commit()`: a hidden folder beside the destination.
    public let url: URL
    private var isCommitted = false

    /// Creates the temporary folder, and the folders above it.
    /// - Throws: `FormatError.exists` when something is at `destination`.
    public init(_ destination: URL) throws(FormatError) {
        try Self.checkAbsent(destination)
        removeAbandoned(besides: destination)
        self.destination = destination
        url = temporarySibling(of: destination)
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw .refused("create the folder", url.path, error)
        }
    }

    /// Moves the folder to its destination.
    public func commit() throws(FormatError) {
        precondition(!isCommitted, "the folder is committed already")
        try Self.checkAbsent(destination)
        guard rename(url.path, destination.path) == 0 else { throw .system("create", destination.path) }
        isCommitted = true
        try synchronizeFolder(of: destination)
    }

    deinit {
        if !isCommitted { try? FileManager.default.removeItem(at: url) }
    }

    private static func checkAbsent(_ url: URL) throws(FormatError) {
        var status = stat()
        if lstat(url.path, &status) == 0 { throw .exists(path: url.path) }
    }
}

/// A file under a temporary name, removed unless committed.
struct PendingFile: ~Copyable {
    private let destination: URL
    private let temporary: String
    private let descriptor: Int32
    private var isCommitted = false

    init(_ destination: URL) throws(FormatError) {
        removeAbandoned(besides: destination)
        self.destination = destination
        temporary = temporarySibling(of: destination).path
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw .system("create", destination.path) }
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws(FormatError) {
        // One call writes less than 2 GB on every system.
        let most = 1 << 30
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(most))
            let written = Foundation.write(descriptor, piece.baseAddress, piece.count)
            if written < 0, errno == EINTR { continue }
            guard written >= 0 else { throw .system("write", destination.path) }
            rest = rest.dropFirst(written)
        }
    }

    /// Makes sure that the bytes are on disk, then gives the file its name.
    mutating func commit() throws(FormatError) {
        guard fsync(descriptor) == 0 else { throw .system("write", destination.path) }
        guard rename(temporary, destination.path) == 0 else { throw .system("create", destination.path) }
        isCommitted = true
        try synchronizeFolder(of: destination)
    }

    deinit {
        if descriptor >= 0 {
            close(descriptor)
            if !isCommitted { unlink(temporary) }
        }
    }
}

/// A hidden name in the same folder, so that renaming never crosses file systems.
private func temporarySibling(of url: URL) -> URL {
    let mark = String(UInt64.random(in: .min ... .max), radix: 36)
    return url.deletingLastPathComponent()
        .appendingPathComponent(".\(url.lastPathComponent).\(mark).\(machine).\(getpid()).partial")
}

/// The machine's name, so that a number of a process is not taken for one of another machine with the same files.
private var machine: String {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return String(String(decoding: bytes, as: UTF8.self).map { $0.isLetter || $0.isNumber ? $0 : "-" })
}

/// Removes what processes of this machine left here that ended while they wrote the same.
private func removeAbandoned(besides url: URL) {
    let folder = url.deletingLastPathComponent()
    let beginning = ".\(url.lastPathComponent)."
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] {
        let parts = name.dropFirst(beginning.count).split(separator: ".", omittingEmptySubsequences: false)
        guard name.hasPrefix(beginning), parts.count == 4, parts[1] == machine, parts[3] == "partial",
            let process = pid_t(parts[2]), process > 0, kill(process, 0) != 0, errno == ESRCH
        else { continue }
        try? FileManager.default.removeItem(at: folder.appendingPathComponent(name))
    }
}

/// Makes a renaming survive a loss of power.
private func synchronizeFolder(of url: URL) throws(FormatError) {
    let path = url.deletingLastPathComponent().path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("open", path) }
    defer { close(descriptor) }
    // Some file systems cannot synchronise folders, and say so with EINVAL.
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw .system("write", path) }
}
