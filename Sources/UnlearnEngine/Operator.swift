// The one road to libtorch's operators: a name resolved once, arguments as a list, tensors back.

internal import CTorch

/// An argument of an operator.
enum Argument {
    case none
    case tensor(Tensor)
    case int(Int)
    case double(Double)
    case bool(Bool)
    case ints([Int])
    case tensors([Tensor])
    case string(String)
}

extension Argument: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByNilLiteral
{
    init(integerLiteral value: Int) { self = .int(value) }
    init(floatLiteral value: Double) { self = .double(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
    init(nilLiteral: ()) { self = .none }
}

/// An operator of libtorch, for example `Operator("add", "Tensor")` for `aten::add.Tensor`; our own have the library
/// "unlearn".
struct Operator: @unchecked Sendable {  // the handle is immutable and lives as long as the process
    let name: String
    private let handle: OpaquePointer

    init(_ name: String, _ overload: String = "", library: String = "aten") {
        self.name = name
        handle = checked(ct_find("\(library)::\(name)", overload), name)
    }

    /// The single result of the operator.
    func callAsFunction(_ arguments: Argument...) -> Tensor {
        var result: OpaquePointer?
        call(arguments, into: &result, capacity: 1)
        return Tensor(adopting: checked(result, name))
    }

    /// The results of an operator that returns several tensors.
    func all(_ arguments: Argument..., capacity: Int) -> [Tensor] {
        var results = [OpaquePointer?](repeating: nil, count: capacity)
        let count = call(arguments, into: &results, capacity: capacity)
        return results.prefix(count).compactMap { $0.map(Tensor.init(adopting:)) }
    }

    /// Runs an operator for its effect on its operands.
    func run(_ arguments: Argument...) {
        // In-place operators return what they changed.
        var results = [OpaquePointer?](repeating: nil, count: 4)
        let count = call(arguments, into: &results, capacity: results.count)
        for result in results.prefix(count) { ct_free(result) }
    }

    @discardableResult
    private func call(
        _ arguments: [Argument], into results: UnsafeMutablePointer<OpaquePointer?>, capacity: Int
    ) -> Int {
        let packed = PackedArguments(arguments)
        let count = ct_call(handle, packed.values, Int64(packed.values.count), results, Int64(capacity))
        withExtendedLifetime((arguments, packed)) {}
        guard count >= 0 else { engineFailure(name, arguments.flatMap(\.operands)) }
        return Int(count)
    }
}

extension Argument {
    var operands: [Tensor] {
        switch self {
        case .tensor(let tensor): [tensor]
        case .tensors(let tensors): tensors
        default: []
        }
    }
}

/// The C form of an argument list, with the memory that its lists point into.
private struct PackedArguments {
    var values: [ct_value] = []
    private var owners: [AnyObject] = []

    init(_ arguments: [Argument]) {
        values.reserveCapacity(arguments.count)
        for argument in arguments { append(argument) }
    }

    private mutating func append(_ argument: Argument) {
        var value = ct_value()
        switch argument {
        case .none:
            value.kind = CT_NONE
        case .tensor(let tensor):
            value.kind = CT_TENSOR
            value.pointer = UnsafeRawPointer(tensor.handle)
        case .int(let integer):
            value.kind = CT_INT
            value.integer = Int64(integer)
        case .double(let real):
            value.kind = CT_DOUBLE
            value.real = real
        case .bool(let flag):
            value.kind = CT_BOOL
            value.integer = flag ? 1 : 0
        case .ints(let list):
            value.kind = CT_INTS
            value.pointer = hold(list.map(Int64.init))
            value.count = Int64(list.count)
        case .tensors(let list):
            value.kind = CT_TENSORS
            value.pointer = hold(list.map(\.handle))
            value.count = Int64(list.count)
        case .string(let text):
            value.kind = CT_STRING
            value.pointer = hold(Array(text.utf8CString))
        }
        values.append(value)
    }

    /// Keeps a copy of the list at a fixed address for the length of the call.
    private mutating func hold<Element>(_ list: [Element]) -> UnsafeRawPointer {
        let owner = FixedList(list)
        owners.append(owner)
        return UnsafeRawPointer(owner.address)
    }

    private final class FixedList<Element> {
        let address: UnsafeMutablePointer<Element>
        let count: Int

        init(_ list: [Element]) {
            count = list.count
            address = .allocate(capacity: max(1, count))
            address.initialize(from: list, count: count)
        }
        deinit {
            address.deinitialize(count: count)
            address.deallocate()
        }
    }
}
