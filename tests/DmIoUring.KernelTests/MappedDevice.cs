using System.Globalization;
using DmIoUring.ScratchDevices;

namespace DmIoUring.KernelTests;

/// <summary>A device of the device-mapper with a table of its own; removed on <see cref="Dispose"/>, and when the process is killed.</summary>
internal sealed class MappedDevice : IDisposable
{
    private readonly string _name = "dmio-test-" + Guid.NewGuid().ToString("N")[..12];
    private readonly Guard _guard;

    /// <summary>Makes one.</summary>
    /// <param name="lines">The table: "0 2048 linear /dev/loop1 0".</param>
    public MappedDevice(params string[] lines)
    {
        _guard = Guard.Start("dmsetup remove --force \"$1\"", _name);
        try
        {
            Tool.Run("dmsetup", ["create", _name, "--table", string.Join('\n', lines)]);
            Tool.Run("dmsetup", "mknodes", _name);
        }
        catch
        {
            _guard.Dispose();
            throw;
        }
    }

    public string Path => "/dev/mapper/" + _name;

    /// <summary>A table of one line over the whole of a device.</summary>
    /// <param name="target">The target.</param>
    /// <param name="under">The device.</param>
    /// <param name="rest">What stands behind the device in the line.</param>
    public static MappedDevice Over(string target, LoopDevice under, string rest) =>
        new(string.Create(CultureInfo.InvariantCulture, $"0 {under.Size / 512} {target} {under.Path} {rest}"));

    /// <summary>Ends the test, with the reason, where the kernel has no such target.</summary>
    public static void Require(string target)
    {
        if (!Tool.Exists("dmsetup"))
            Assert.Skip("this machine has no dmsetup");
        if (!Tool.Run("dmsetup", "targets").Split('\n').Any(line => string.Equals(line.Split(' ')[0], target, StringComparison.Ordinal)))
            Assert.Skip($"this kernel has no device-mapper target {target}");
    }

    /// <summary>Sends the target a message.</summary>
    public void Message(params string[] words) => Tool.Run("dmsetup", ["message", _name, "0", .. words]);

    public void Dispose()
    {
        Tool.Run("dmsetup", "remove", "--retry", _name);
        _guard.Dispose();
    }
}
