// The one error of this target: what is wrong with a file, where, and what to do about it.
public import Foundation

/// A problem with a file on disk. `description` is the complete sentence for the user.
public enum FormatError: Error, Equatable, Sendable {
    /// Nothing exists at `path`; `expected` says what should.
    case missing(path: String, expected: String)
    /// Nothing exists at `path`, but files beside it hold the same in another form, which `remedy` converts.
    case otherForm(path: String, files: [String], remedy: String)
    /// One part of a model, counted from 1, whose name does not lead to the others.
    case part(path: String, number: Int, count: Int)
    /// `path` is a folder or a device, and a regular file was expected.
    case notAFile(path: String)
    /// The file has no bytes.
    case empty(path: String)
    /// The file is text in another encoding.
    case notUTF8(path: String)
    /// The operating system refused `action` (an infinitive such as "write").
    case system(action: String, path: String, reason: String)
    /// The contents break the rules of the format.
    case malformed(Format, path: String, place: Place, problem: String)
    /// The contents are valid, but this program cannot use them.
    case unsupported(path: String, place: Place, found: String, supported: [String])
    /// A file that should hold an entry called `name` does not.
    case missingEntry(name: String, path: String)
    /// Output would replace something that exists.
    case exists(path: String)
    /// A value in memory cannot be written or decoded; `place` is a path of keys or a tensor's name.
    case invalidValue(place: Place, problem: String)

    /// The formats that this target reads.
    public enum Format: String, Sendable {
        case gguf = "GGUF file"
        case safetensors = "Safetensors file"
        case safetensorsIndex = "Safetensors index"
        case llama2C = "llama2.c checkpoint"
        case json = "JSON file"
        case jsonLines = "JSON lines file"

        var advice: String {
            switch self {
            case .gguf, .safetensors, .safetensorsIndex, .llama2C:
                "Get the file again: it may be truncated or of another format."
            case .json, .jsonLines: "Correct the file there."
            }
        }
    }

    /// Where in a file, or in a value, a problem is.
    public enum Place: Equatable, Sendable, CustomStringConvertible {
        case byte(Int)
        case line(Int)
        case position(line: Int, column: Int)
        case tensor(String)
        case key(String)
        case header

        public var description: String {
            switch self {
            case .byte(let offset): "byte \(offset)"
            case .line(let line): "line \(line)"
            case .position(let line, let column): "line \(line), column \(column)"
            case .tensor(let name): "tensor '\(name)'"
            case .key(let key): "key '\(key)'"
            case .header: "the header"
            }
        }
    }
}

extension FormatError: CustomStringConvertible, LocalizedError {
    public var description: String {
        switch self {
        case .missing(let path, let expected):
            "'\(path)' does not exist; expected \(expected). Check the path."
        case .otherForm(let path, let files, let remedy):
            "'\(path)' does not exist; what is beside it, \(files.joined(separator: " and ")), is of a form that is not read. "
                + remedy
        case .part(let path, let number, let count):
            "'\(path)' is part \(number) of \(count) of a model, but its name does not say so. Call it "
                + "NAME-\(GGUFPartName.place(number, of: count)).gguf, with the other parts beside it, or merge all of them with "
                + "`llama-gguf-split --merge`."
        case .notAFile(let path):
            "'\(path)' is not a regular file. Give the path of a file."
        case .empty(let path):
            "'\(path)' is empty. Get the file again."
        case .notUTF8(let path):
            "'\(path)' is not UTF-8 text. Save it as UTF-8."
        case .system(let action, let path, let reason):
            "Cannot \(action) '\(path)': \(reason)." + Self.advice(for: reason)
        case .malformed(let format, let path, let place, let problem):
            "\(format.rawValue) '\(path)' is malformed at \(place): \(problem). \(format.advice)"
        case .unsupported(let path, let place, let found, let supported):
            "'\(path)' has \(found) at \(place), which is not supported. Use one of: "
                + supported.joined(separator: ", ") + "."
        case .missingEntry(let name, let path):
            "'\(path)' has no entry '\(name)'. Check that the files belong to one model."
        case .exists(let path):
            "'\(path)' already exists. Choose another name or remove it."
        case .invalidValue(let place, let problem):
            "The value at \(place) cannot be used: \(problem)."
        }
    }

    public var errorDescription: String? { description }
}

extension FormatError {
    /// A refusal of the file system as Foundation reports it.
    public static func refused(_ action: String, _ path: String, _ error: any Error) -> FormatError {
        let cocoa = error as NSError
        let cause = cocoa.userInfo[NSUnderlyingErrorKey] as? NSError ?? cocoa
        // The system's own words: Foundation's are sentences, and differ from place to place.
        if cause.domain == NSPOSIXErrorDomain { return .system(action, path, Int32(cause.code)) }
        let codes: [CocoaError.Code: Int32] = [
            .fileWriteVolumeReadOnly: EROFS, .fileWriteNoPermission: EACCES, .fileReadNoPermission: EACCES,
            .fileWriteOutOfSpace: ENOSPC,
        ]
        if let code = (error as? CocoaError).flatMap({ codes[$0.code] }) { return .system(action, path, code) }
        return .system(action: action, path: path, reason: error.localizedDescription.trimmingSuffix("."))
    }

    /// A file that is missing.
    /// - Parameters:
    ///   - otherForms: the files beside it that together hold the same in a form that is not read.
    ///   - remedy: the sentence that says how they are converted.
    public static func missing(
        _ url: URL, expected: String, otherForms: [[String]], remedy: String
    ) -> FormatError {
        let folder = url.deletingLastPathComponent()
        let form = otherForms.first { files in
            files.allSatisfy { FileManager.default.fileExists(atPath: folder.appending(path: $0).path) }
        }
        guard let form else { return .missing(path: url.path, expected: expected) }
        return .otherForm(path: url.path, files: form, remedy: remedy)
    }

    /// What to do about a reason that the system gave.
    private static func advice(for reason: String) -> String {
        func isAny(_ codes: Int32...) -> Bool { codes.contains { String(cString: strerror($0)) == reason } }
        if isAny(ENOSPC, EDQUOT) { return " Free some space there, or choose another place." }
        if isAny(EROFS, EACCES) { return " Choose another place, or change its permissions." }
        if isAny(ENOMEM) { return " Give the program more memory, or take a smaller model." }
        return ""
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}
