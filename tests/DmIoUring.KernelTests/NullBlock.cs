using System.Globalization;

namespace DmIoUring.KernelTests;

/// <summary>A block device of the kernel's null_blk, with its memory and with bad sectors (Documentation/block/null_blk.rst).</summary>
internal sealed class NullBlock : IDisposable
{
    private const string Root = "/sys/kernel/config/nullb";
    private readonly string _folder = $"{Root}/nullb{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Makes one of 64 MiB; ends the test where the kernel has none.</summary>
    /// <param name="first">The first bad sector.</param>
    /// <param name="last">The last.</param>
    public NullBlock(long first, long last)
    {
        if (!Directory.Exists(Root))
            Assert.Skip("this kernel has no null_blk with configfs");
        Directory.CreateDirectory(_folder);
        try
        {
            Set("size", "64");
            Set("memory_backed", "1");
            Set("blocksize", "512");
            Set("power", "1");
            Set("badblocks", string.Create(CultureInfo.InvariantCulture, $"+{first}-{last}"));
        }
        catch
        {
            Directory.Delete(_folder);
            throw;
        }
    }

    /// <summary>Named after its folder, or by older kernels after its number.</summary>
    public string Path => File.Exists("/dev/" + System.IO.Path.GetFileName(_folder)) ? "/dev/" + System.IO.Path.GetFileName(_folder) : "/dev/nullb" + File.ReadAllText(_folder + "/index").Trim();

    /// <summary>Makes sectors good again.</summary>
    public void Mend(long first, long last) => Set("badblocks", string.Create(CultureInfo.InvariantCulture, $"-{first}-{last}"));

    public void Dispose()
    {
        Set("power", "0");
        Directory.Delete(_folder);
    }

    private void Set(string attribute, string value) => File.WriteAllText($"{_folder}/{attribute}", value);
}
