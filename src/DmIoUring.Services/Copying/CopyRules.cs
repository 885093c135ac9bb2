using System.Globalization;
using System.Runtime.CompilerServices;

namespace DmIoUring.Services;

/// <summary>What is refused before anything is submitted. Every message has the values and the remedy.</summary>
internal static class CopyRules
{
    /// <summary>Throws for a job that is misuse.</summary>
    /// <returns>The largest logical block of all devices, in sectors.</returns>
    public static long Check(IoRegion? source, ReadOnlySpan<IoRegion> destinations, CopyOptions options, CopyServiceOptions service)
    {
        if (destinations.Length is 0 or > IoRegion.MaxRegions)
            Refuse(nameof(destinations), $"The job names {destinations.Length} destinations; give it 1 to {IoRegion.MaxRegions}.");
        CheckValues(options);
        long count = (source ?? destinations[0]).Count;
        int block = IoRegion.SectorSize;
        if (source is { } read)
        {
            CheckRegion("the source", read, nameof(source));
            block = read.Device.LogicalBlockSize;
        }

        for (int i = 0; i < destinations.Length; i++)
        {
            CheckRegion(i, destinations[i]);
            block = Math.Max(block, destinations[i].Device.LogicalBlockSize);
            if (destinations[i].Count != count)
            {
                string other = source is null ? "destination 0" : "the source";
                Refuse(nameof(destinations), $"Destination {i} has {destinations[i].Count} sectors, and {other} has {count}; give all regions of a job the same count.");
            }

            if (destinations[i].Device.IsReadOnly)
                Refuse(nameof(destinations), $"Destination {i}, {destinations[i].Device.Path}, is read-only; open it for reading and writing, or name another one.");
        }

        CheckOverlaps(source, destinations);
        long unit = block / IoRegion.SectorSize;
        CheckUnit(count, unit, options, service);
        return unit;
    }

    private static void CheckValues(CopyOptions options)
    {
        if (options.OnReadError is < CopyReadErrorPolicy.Stop or > CopyReadErrorPolicy.WriteZeroes)
            OutOfRange(nameof(CopyOptions.OnReadError), options.OnReadError);
        if (options.OnWriteError is < CopyWriteErrorPolicy.Stop or > CopyWriteErrorPolicy.Continue)
            OutOfRange(nameof(CopyOptions.OnWriteError), options.OnWriteError);
        if (options.Sparse is < CopySparse.None or > CopySparse.DetectZeroes)
            OutOfRange(nameof(CopyOptions.Sparse), options.Sparse);
    }

    private static void CheckUnit(long count, long unit, CopyOptions options, CopyServiceOptions service)
    {
        if (unit * IoRegion.SectorSize > service.PieceBytes)
            Refuse(nameof(options), $"A device has blocks of {unit * IoRegion.SectorSize} bytes, and the service pieces of {service.PieceBytes}; give CopyServiceOptions.PieceBytes a multiple of the block.");
        if (options.StartAt < 0 || options.StartAt > count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), options.StartAt, string.Create(CultureInfo.InvariantCulture, $"StartAt is {options.StartAt}, and the regions have {count} sectors; give it 0 to {count}."));
        }

        if (options.StartAt % unit != 0)
            Refuse(nameof(options), $"StartAt is {options.StartAt}, and a device has blocks of {unit} sectors; give it a multiple of that.");
    }

    private static void CheckRegion(int index, in IoRegion region) =>
        CheckRegion(string.Create(CultureInfo.InvariantCulture, $"destination {index}"), region, "destinations");

    private static void CheckRegion(string name, in IoRegion region, string parameter)
    {
        if (region.Device is not { } device)
        {
            Refuse(parameter, $"There is no device in {name}; name one.");
            return;
        }

        if (region.BufferOffset != 0)
            Refuse(parameter, $"In {name} the BufferOffset is {region.BufferOffset}, and a copy has no buffer; leave it 0.");
        if (region.Sector < 0 || region.Count < 0)
            Refuse(parameter, $"In {name} the sector is {region.Sector} and the count {region.Count}; neither may be negative.");
        if (region.Sector > device.SectorCount || region.Count > device.SectorCount - region.Sector)
            Refuse(parameter, $"In {name} the sectors {region.Sector}+{region.Count} go beyond the end of {device.Path}, which has {device.SectorCount}; name a part of it, or Refresh the device when it has grown.");
        long block = device.LogicalBlockSize / IoRegion.SectorSize;
        if (region.Sector % block != 0 || region.Count % block != 0)
            Refuse(parameter, $"In {name} the sectors {region.Sector}+{region.Count} are off the blocks of {device.Path}, of {block} sectors; give it multiples of that.");
    }

    private static void CheckOverlaps(IoRegion? source, ReadOnlySpan<IoRegion> destinations)
    {
        for (int i = 0; i < destinations.Length; i++)
        {
            if (source is { } read && Overlap(read, destinations[i]))
                Refuse(nameof(destinations), $"Destination {i}, sectors {destinations[i].Sector}+{destinations[i].Count} of {destinations[i].Device.Path}, overlaps the source, {read.Sector}+{read.Count}; copy to another place, or by way of one.");
            for (int other = 0; other < i; other++)
            {
                if (Overlap(destinations[other], destinations[i]))
                    Refuse(nameof(destinations), $"Destinations {other} and {i} overlap on {destinations[i].Device.Path}: sectors {destinations[other].Sector}+{destinations[other].Count} and {destinations[i].Sector}+{destinations[i].Count}; name each place once.");
            }
        }
    }

    private static bool Overlap(in IoRegion one, in IoRegion other) =>
        one.Sector < other.Sector + other.Count && other.Sector < one.Sector + one.Count && one.Count > 0 && one.Device.IsSameDeviceAs(other.Device);

    private static void OutOfRange<T>(string option, T value)
        where T : struct, Enum =>
        throw new ArgumentOutOfRangeException(option, value, string.Create(CultureInfo.InvariantCulture, $"{option} is {value}; give it one of {typeof(T).Name}'s values."));

    private static void Refuse(string parameter, DefaultInterpolatedStringHandler message) =>
        throw new ArgumentException(message.ToStringAndClear(), parameter);
}
