using System.Globalization;

namespace DmIoUring.Devices;

/// <summary>
/// Finds devices whose driver may block the submitting thread, because it sends a request on that thread and sleeps while the remote side is stuck.
/// Such a device would block a lane with all of its requests and time limits, so the kernel's worker threads submit its entries.
/// </summary>
internal static class BlockingDriver
{
    /// <summary>NBD_MAJOR, include/uapi/linux/major.h. nbd_queue_rq sends by sock_sendmsg without MSG_DONTWAIT (drivers/block/nbd.c, BLK_MQ_F_BLOCKING).</summary>
    private const string NbdMajor = "43:";

    /// <summary>Device-mapper and md devices are stacked a few deep at most.</summary>
    private const int MaxDepth = 8;

    /// <summary>Whether a block device is such a device, a partition of one, or stacked on one. False where sysfs is not mounted.</summary>
    public static bool Has(uint major, uint minor) => Has(string.Create(CultureInfo.InvariantCulture, $"{major}:{minor}"), MaxDepth);

    private static bool Has(string number, int deep)
    {
        if (number.StartsWith(NbdMajor, StringComparison.Ordinal))
            return true;
        string node = "/sys/dev/block/" + number;
        if (deep == 0 || !Directory.Exists(node))
            return false;
        if (File.Exists(node + "/partition") && Directory.ResolveLinkTarget(node, returnFinalTarget: true)?.FullName is { } partition)
            return Has(Number(Path.GetDirectoryName(partition)!), deep - 1);
        return Directory.Exists(node + "/slaves")
            && Array.Exists(Directory.GetDirectories(node + "/slaves"), slave => Has(Number(slave), deep - 1));
    }

    private static string Number(string node) => File.ReadAllText(node + "/dev").Trim();
}
