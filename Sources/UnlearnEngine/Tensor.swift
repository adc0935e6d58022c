// A tensor: a value-like handle to an n-dimensional array held by libtorch.

internal import CTorch

/// The extent of each dimension, outermost first.
public typealias Shape = [Int]

/// The element type of a tensor.
public enum ElementType: Int32, Sendable {
    // Raw values are libtorch's scalar type numbers.
    case uint8 = 0
    case int8 = 1
    case int32 = 3
    case int64 = 4
    case float16 = 5
    case float32 = 6
    case float64 = 7
    case bool = 11
    case bfloat16 = 15

    /// Bytes of one element.
    public var byteCount: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .float16, .bfloat16: 2
        case .int32, .float32: 4
        case .int64, .float64: 8
        }
    }
}

/// A Swift scalar that can be copied into and out of a tensor.
public protocol TensorElement: BitwiseCopyable, Sendable {
    static var elementType: ElementType { get }
}

extension Float: TensorElement { public static var elementType: ElementType { .float32 } }
extension Double: TensorElement { public static var elementType: ElementType { .float64 } }
extension Int64: TensorElement { public static var elementType: ElementType { .int64 } }
extension Int32: TensorElement { public static var elementType: ElementType { .int32 } }
extension Bool: TensorElement { public static var elementType: ElementType { .bool } }
extension UInt8: TensorElement { public static var elementType: ElementType { .uint8 } }

/// An n-dimensional array with reverse-mode gradients.
///
/// Copies share storage. Operations do not throw: a shape mismatch is a programmer's error and traps with the
/// operation and the shapes. Anything that depends on a user's file or flag is checked before it becomes a tensor.
public struct Tensor {
    final class Storage {
        let handle: OpaquePointer

        init(_ handle: OpaquePointer) { self.handle = handle }
        deinit { ct_free(handle) }
    }

    let storage: Storage
    var handle: OpaquePointer { storage.handle }

    init(adopting handle: OpaquePointer) { storage = Storage(handle) }

    /// A tensor that holds a copy of `scalars` in row-major order.
    public init<Scalar: TensorElement>(_ scalars: [Scalar], shape: Shape? = nil) {
        let shape = shape ?? [scalars.count]
        precondition(
            shape.reduce(1, *) == scalars.count, "Tensor: \(scalars.count) scalars do not fill the shape \(shape)")
        self = scalars.withUnsafeBytes { Tensor(copying: $0, shape: shape, type: Scalar.elementType) }
    }

    /// A tensor that holds a copy of raw, contiguous, row-major elements.
    public init(copying bytes: UnsafeRawBufferPointer, shape: Shape, type: ElementType) {
        precondition(
            shape.reduce(type.byteCount, *) == bytes.count,
            "Tensor: \(bytes.count) bytes do not fill the shape \(shape) of \(type)")
        self.init(
            adopting: checked(
                ct_make(bytes.baseAddress, type.rawValue, shape.map(Int64.init), Int64(shape.count)), "make"))
    }

    /// A tensor whose elements are not yet set.
    public init(uninitialized shape: Shape, type: ElementType = .float32) {
        self.init(adopting: checked(ct_make(nil, type.rawValue, shape.map(Int64.init), Int64(shape.count)), "make"))
    }

    /// A tensor over memory that `owner` keeps alive, such as a mapped file. The elements must never be written.
    public init(borrowing bytes: UnsafeRawBufferPointer, shape: Shape, type: ElementType, owner: AnyObject) {
        guard let address = bytes.baseAddress, bytes.count > 0 else {
            self.init(uninitialized: shape, type: type)
            return
        }
        let context = Unmanaged.passRetained(owner).toOpaque()
        let release: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
            if let context { Unmanaged<AnyObject>.fromOpaque(context).release() }
        }
        self.init(
            adopting: checked(
                ct_wrap(address, type.rawValue, shape.map(Int64.init), Int64(shape.count), release, context), "wrap"))
    }

    /// The extent of each dimension.
    public var shape: Shape {
        var sizes = [Int64](repeating: 0, count: rank)
        ct_sizes(handle, &sizes)
        return sizes.map(Int.init)
    }

    /// How many dimensions there are.
    public var rank: Int { Int(ct_rank(handle)) }

    /// How many elements there are.
    public var count: Int { shape.reduce(1, *) }

    /// The element type; traps on types that this package never makes.
    public var type: ElementType {
        guard let type = ElementType(rawValue: ct_type(handle)) else {
            preconditionFailure("Tensor: unsupported libtorch scalar type \(ct_type(handle))")
        }
        return type
    }

    /// The elements in row-major order. `Scalar` must match ``type``.
    public func scalars<Scalar: TensorElement>(_: Scalar.Type = Scalar.self) -> [Scalar] {
        withBytes { Array($0.bindMemory(to: Scalar.self)) }
    }

    /// The single element of a one-element floating-point tensor.
    public var item: Float {
        precondition(count == 1, "item: the tensor has shape \(shape), expected one element")
        return to(.float32).scalars(Float.self)[0]
    }

    /// Calls `body` with the contiguous, row-major bytes of the elements.
    public func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let source = ct_is_contiguous(handle) ? self : contiguous()
        defer { withExtendedLifetime(source) {} }
        return try body(UnsafeRawBufferPointer(start: ct_data(source.handle), count: source.count * type.byteCount))
    }

    /// Calls `body` with the elements' memory for writing. The tensor must be contiguous and not yet shared.
    public func withMutableBytes<Result, Failure: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(ct_is_contiguous(handle), "withMutableBytes: the tensor is not contiguous")
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeMutableRawBufferPointer(start: ct_data(handle), count: count * type.byteCount))
    }
}

/// Traps with the operation's name and libtorch's own sentence when a call failed.
func checked(_ handle: OpaquePointer?, _ operation: String) -> OpaquePointer {
    guard let handle else { engineFailure(operation, []) }
    return handle
}

/// Ends the process: a failed operation is a programmer's error. User input is checked before it reaches a tensor.
func engineFailure(_ operation: String, _ operands: [Tensor]) -> Never {
    let shapes = operands.map { "\($0.shape)" }.joined(separator: ", ")
    // libtorch's first line says what went wrong; the rest is its own stack.
    let reason = String(cString: ct_error()).split(separator: "\n").first.map(String.init) ?? "unknown"
    // The one failure that is nobody's mistake: no operation can know beforehand how much memory there is.
    if ["can't allocate memory", "not enough memory", "bad_alloc"].contains(where: reason.contains) {
        Runtime.endForWantOfMemory()
    }
    fatalError("\(operation)(\(shapes)): \(reason)")
}
