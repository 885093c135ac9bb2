using System.Globalization;
using System.Reflection;
using DmIoUring.Interop;
using Tmds.Linux;

namespace DmIoUring.DeviceTests.Interop;

/// <summary>The C# view of the kernel's ABI against Tmds.LibC's, of the names that both have: a host without a compiler has this one.</summary>
public sealed class SecondOpinionTests
{
    private const BindingFlags AnyField =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<string, PropertyInfo> Theirs =
        typeof(LibC).GetProperties(BindingFlags.Public | BindingFlags.Static).ToDictionary(static property => property.Name, StringComparer.Ordinal);

    [Fact]
    public void Constants_AreThoseOfTmdsLibC()
    {
        List<string> differences = [];
        int compared = 0;
        foreach (FieldInfo field in AbiCheckTests.ConstantFields())
        {
            if (!Theirs.TryGetValue(field.Name, out PropertyInfo? property))
                continue;
            compared++;
            long ours = AbiCheckTests.ValueOf(field);
            long theirs = Number(property.GetValue(null)!);
            if (ours != theirs)
                differences.Add(string.Create(CultureInfo.InvariantCulture, $"{field.Name}: {ours} here, {theirs} there"));
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
        Assert.True(compared >= 100, $"Only {compared} names are in both.");
    }

    [Theory]
    [InlineData(typeof(IoUringSqe), typeof(io_uring_sqe))]
    [InlineData(typeof(IoUringCqe), typeof(io_uring_cqe))]
    [InlineData(typeof(IoUringParams), typeof(io_uring_params))]
    [InlineData(typeof(IoUringProbe), typeof(io_uring_probe))]
    [InlineData(typeof(IoUringProbeOp), typeof(io_uring_probe_op))]
    [InlineData(typeof(Statx), typeof(statx))]
    [InlineData(typeof(Iovec), typeof(iovec))]
    [InlineData(typeof(Pollfd), typeof(pollfd))]
    [InlineData(typeof(KernelTimespec), typeof(timespec))]
    public void Structs_AreThoseOfTmdsLibC(Type ours, Type theirs)
    {
        Assert.Equal(ManagedLayout.SizeOf(theirs), ManagedLayout.SizeOf(ours));
        foreach (FieldInfo field in ours.GetFields(AnyField))
        {
            FieldInfo? same = theirs.GetField(field.Name, AnyField) ?? theirs.GetField($"<{field.Name}>k__BackingField", AnyField);
            if (same is not null && !IsSpare(field.Name))
                Assert.Equal((field.Name, ManagedLayout.OffsetOf(same)), (field.Name, ManagedLayout.OffsetOf(field)));
        }
    }

    /// <summary>Space for later, which gets smaller with each kernel that uses some.</summary>
    private static bool IsSpare(string field) =>
        field.Contains("pad", StringComparison.Ordinal) || field.Contains("spare", StringComparison.Ordinal) || field.Contains("resv", StringComparison.Ordinal);

    /// <summary>A number, or one in a struct of its own, such as mode_t.</summary>
    private static long Number(object value) => value is IConvertible number
        ? number.ToInt64(CultureInfo.InvariantCulture)
        : Number(value.GetType().GetFields(BindingFlags.NonPublic | BindingFlags.Instance).Single().GetValue(value)!);
}
