using System.Globalization;

namespace DmIoUring.Devices;

/// <summary>
/// Devices whose driver sends a request on the thread that submits it, and sleeps there while the other side takes nothing: a lane would
/// stop with the device, and everything else on it, time limits too. Their entries are submitted by the kernel's workers.
/// </summary>
internal static class BlockingDriver
{
    /// <summary>NBD_MAJOR, include/uapi/linux/major.h. nbd_queue_rq sends by sock_sendmsg without MSG_DONTWAIT (drivers/block/nbd.c, BLK_MQ_F_BLOCKING).</summary>
    private const string NbdMajor = "43:";

    /// <summary>Device-mapper and md devices are stacked a few deep at most.</summary>
    private const int MaxDepth = 8;

    /// <summary>Whether a block device is such a one, a part of one, or made of one. As sysfs tells: false where it is not mounted.</summary>
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
