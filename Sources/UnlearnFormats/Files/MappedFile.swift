// A file's bytes, mapped read-only into memory: nothing is copied, and pages load when touched.
public import Foundation

/// A regular file mapped read-only. The bytes stay valid for as long as the object lives.
public final class MappedFile: Sendable {
    public let url: URL

    /// The file's contents. The pointer does not keep this object alive: whoever holds it must hold the file too,
    /// for example inside `withExtendedLifetime`.
    public nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

    public var count: Int { bytes.count }
    public var path: String { url.path }

    /// - Throws: `FormatError` when `url` is missing, unreadable, empty or not a regular file.
    public init(_ url: URL) throws(FormatError) {
        let path = url.path
        // A pipe that nobody writes to would be waited for.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw errno == ENOENT ? .missing(path: path, expected: "a file") : .system("open", path)
        }
        defer { close(descriptor) }

        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system("inspect", path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
        guard status.st_size > 0 else { throw .empty(path: path) }
        guard let count = Int(exactly: status.st_size) else {
            throw .system(action: "map", path: path, reason: "the file is larger than the address space")
        }

        let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let start, start != MAP_FAILED else { throw .system("map", path) }
        self.url = url
        bytes = UnsafeRawBufferPointer(start: start, count: count)
    }

    deinit {
        munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    }

    /// Calls `body` with the bytes of `range`, which the caller has checked, and keeps the file mapped meanwhile.
    func withBytes<Result, Failure: Error>(
        _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(self) {} }
        return try body(UnsafeRawBufferPointer(rebasing: bytes[range]))
    }
}

extension MappedFile {
    /// Gives back the memory of pages within `range` that were read. They load anew if they are touched again.
    func releasePages(_ range: Range<Int>) {
        let page = Int(getpagesize())
        let start = (range.lowerBound + page - 1) / page * page
        let end = range.upperBound == count ? count : range.upperBound / page * page
        guard start < end, let first = bytes.baseAddress else { return }
        // Advice only: without it, the pages just stay.
        _ = madvise(UnsafeMutableRawPointer(mutating: first + start), end - start, MADV_DONTNEED)
    }

    /// Calls `body` with the whole file in parts, of which one at a time is in memory.
    public func forEachPart(byteCount: Int = 1 << 24, _ body: (UnsafeRawBufferPointer) -> Void) {
        for start in stride(from: 0, to: count, by: byteCount) {
            let range = start..<min(start + byteCount, count)
            withBytes(range, body)
            releasePages(range)
        }
    }
}

extension FormatError {
    /// The failure that `errno` describes.
    static func system(_ action: String, _ path: String, _ code: Int32 = errno) -> FormatError {
        .system(action: action, path: path, reason: String(cString: strerror(code)))
    }
}
