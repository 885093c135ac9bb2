namespace DmIoUring.KernelTests;

/// <summary>The kernel's SCSI disk in memory, loaded by the guest: a volatile cache, FUA, medium errors where it is told to, and atomic writes.</summary>
internal static class ScsiDebug
{
    /// <summary>Where its bad sectors lie when they are on (drivers/scsi/scsi_debug.c: OPT_MEDIUM_ERR_ADDR, OPT_MEDIUM_ERR_NUM).</summary>
    public const int FirstBadSector = 0x1234;

    private const string Driver = "/sys/bus/pseudo/drivers/scsi_debug";
    private const string MediumErrors = "0x2";

    /// <summary>Its path; ends the test where there is none.</summary>
    public static string Require()
    {
        string? block = Directory.Exists(Driver + "/adapter0")
            ? Directory.GetDirectories("/sys/block").Select(Path.GetFileName).FirstOrDefault(static name => new DirectoryInfo("/sys/block/" + name).ResolveLinkTarget(true)?.FullName.Contains("/adapter0/", StringComparison.Ordinal) == true)
            : null;
        if (block is null)
            Assert.Skip("this kernel has no scsi_debug disk");
        return "/dev/" + block;
    }

    /// <summary>Makes the bad sectors bad until the result is disposed.</summary>
    public static IDisposable BreakMedium() => new Broken();

    private sealed class Broken : IDisposable
    {
        public Broken() => File.WriteAllText(Driver + "/opts", MediumErrors);

        public void Dispose() => File.WriteAllText(Driver + "/opts", "0");
    }
}
