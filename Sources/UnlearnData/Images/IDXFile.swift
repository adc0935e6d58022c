// IDX files, in which MNIST and its relatives are stored: a header of big-endian sizes, then bytes. Gzip is undone.

internal import CZlib
internal import Foundation
internal import UnlearnFormats

/// An array of bytes with its dimensions, outermost first.
struct IDXFile {
    /// More bytes than any such file has.
    private static let mostBytes = 1 << 32

    let shape: [Int]
    let bytes: [UInt8]

    init(_ url: URL) throws(DataError) {
        let path = url.path
        let file = try DataError.reading { () throws(FormatError) in try MappedFile(url) }
        let isCompressed = file.bytes.starts(with: [0x1F, 0x8B])
        func read(_ count: Int) throws(DataError) -> [UInt8] {
            let data = withExtendedLifetime(file) {
                isCompressed ? Self.inflate(file.bytes, count) : Array(file.bytes.prefix(count))
            }
            guard let data, data.count == count else { throw .idx(path: path, problem: "it ends too early") }
            return data
        }
        let magic = try read(4)
        guard magic[0] == 0, magic[1] == 0, magic[2] == 8, (1...4).contains(magic[3]) else {
            throw .idx(path: path, problem: "it does not begin as a file of bytes with one to four dimensions")
        }
        let headerCount = 4 + 4 * Int(magic[3])
        let header = try read(headerCount)
        shape = stride(from: 4, to: headerCount, by: 4).map { start in
            header[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
        }
        var count = 1
        for size in shape {
            guard size > 0, count <= Self.mostBytes / size else {
                throw .idx(path: path, problem: "its dimensions \(shape) are impossible")
            }
            count *= size
        }
        // Deflate shrinks a thousandfold at best: a small file cannot make us allocate for a large header.
        guard count <= file.count * 1032 else { throw .idx(path: path, problem: "it ends too early") }
        bytes = Array(try read(headerCount + count).dropFirst(headerCount))
    }

    /// The first `count` bytes of a gzip stream, fewer if there are no more; nil if it is damaged.
    private static func inflate(_ source: UnsafeRawBufferPointer, _ count: Int) -> [UInt8]? {
        var stream = z_stream()
        stream.next_in = UnsafeMutablePointer(mutating: source.bindMemory(to: UInt8.self).baseAddress)
        stream.avail_in = UInt32(clamping: source.count)
        // 32: the format is recognised by its header.
        guard inflateInit2_(&stream, MAX_WBITS + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            return nil
        }
        defer { inflateEnd(&stream) }
        var status = Z_OK
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            stream.next_out = buffer.baseAddress
            stream.avail_out = UInt32(clamping: count)
            while status == Z_OK, stream.avail_out > 0 { status = CZlib.inflate(&stream, Z_NO_FLUSH) }
            filled = count - Int(stream.avail_out)
        }
        return status == Z_OK || status == Z_STREAM_END ? bytes : nil
    }
}
