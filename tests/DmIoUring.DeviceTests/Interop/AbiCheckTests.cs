using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using DmIoUring.Interop;

namespace DmIoUring.DeviceTests.Interop;

/// <summary>The C# view of the kernel's ABI against the kernel's own headers.</summary>
public sealed partial class AbiCheckTests(AbiCheckProgram program) : IClassFixture<AbiCheckProgram>
{
    private const BindingFlags AnyField =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    [Fact]
    public void StructSizes_AreTheKernels() => program.AssertAgrees("struct", StructSizes());

    [Fact]
    public void StructFields_AreWhereTheKernelHasThem() => program.AssertAgrees("field", StructFields());

    [Fact]
    public void Constants_AreTheKernels() =>
        program.AssertAgrees("const", Constants(ProcessorAbi.Current));

    [Fact]
    public void EveryErrno_IsCalledByItsOwnName()
    {
        IEnumerable<string> wrong =
            from field in typeof(Errno).GetFields(AnyField)
            let value = (int)field.GetRawConstantValue()!
            where !string.Equals(Errno.Name(value), field.Name, StringComparison.Ordinal)
            select $"{field.Name} ({value}) is called {Errno.Name(value)}";
        Assert.Empty(wrong);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(41)]
    [InlineData(4095)]
    public void AnUnknownErrno_IsCalledByItsNumber(int errno) =>
        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"errno {errno}"), Errno.Name(errno));

    internal static IEnumerable<AbiFact> StructSizes() => Structs().Select(
        static type => new AbiFact("struct", KernelName(type), [ManagedLayout.SizeOf(type)], NewerThanHeaders: null));

    internal static IEnumerable<AbiFact> StructFields() => Structs().SelectMany(static type => type.GetFields(AnyField)).Select(
        static field => new AbiFact(
            "field",
            $"{KernelName(field.DeclaringType!)}.{field.Name}",
            [ManagedLayout.OffsetOf(field), ManagedLayout.SizeOf(field.FieldType)],
            NewerThanHeaders: null));

    private static IEnumerable<Type> Structs() =>
        typeof(IoUring).Assembly.GetTypes().Where(type =>
            type is { IsValueType: true, IsEnum: false, IsNested: false, Namespace: "DmIoUring.Interop" });

    /// <summary>Every constant of the kernel's.</summary>
    internal static IEnumerable<FieldInfo> ConstantFields() =>
        from type in typeof(IoUring).Assembly.GetTypes()
        where type is { IsAbstract: true, IsSealed: true, Namespace: "DmIoUring.Interop" } && type != typeof(Libc)
        from field in type.GetFields(AnyField)
        select field;

    internal static long ValueOf(FieldInfo field) =>
        ValueOf(field.GetValue(null) ?? throw new InvalidOperationException($"{field.Name} has no value."));

    /// <summary>Every constant and every number of a system call, as they are on a processor.</summary>
    internal static IEnumerable<AbiFact> Constants(ProcessorAbi processor) =>
        ConstantFields().Select(field => new AbiFact("const", field.Name, [ValueOf(field, processor)], NewerThanHeaders: null)).Concat(
            from field in typeof(Libc).GetFields(AnyField)
            where field.Name.StartsWith("Sys", StringComparison.Ordinal)
            select new AbiFact("const", "__NR_" + SnakeCase(field.Name["Sys".Length..]), [ValueOf(field, processor)], NewerThanHeaders: null));

    private static long ValueOf(FieldInfo field, ProcessorAbi processor) =>
        typeof(ProcessorAbi).GetProperty(field.Name)?.GetValue(processor) is { } value ? ValueOf(value) : ValueOf(field);

    private static long ValueOf(object number) => number switch
    {
        nuint value => checked((long)value),
        nint value => value,
        _ => Convert.ToInt64(number, CultureInfo.InvariantCulture),
    };

    /// <summary>IoUringSqe is io_uring_sqe: one rule, but for the name whose underscores C# would not bear.</summary>
    private static string KernelName(Type type) =>
        type == typeof(KernelTimespec) ? "__kernel_timespec" : SnakeCase(type.Name);

    private static string SnakeCase(string name) =>
        WordStart().Replace(name, match => "_" + match.Value).ToLowerInvariant();

    [GeneratedRegex("(?<=.)[A-Z]", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex WordStart();
}
