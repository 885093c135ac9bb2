// A mirror of any number of legs that goes on when one fails: write everywhere, drop the legs whose bits are set, read from a good one.
//
//     sample-mirror LEG LEG...       block devices or files; what is on them is OVERWRITTEN
using System.Runtime.Versioning;
using DmIoUring;

[assembly: SupportedOSPlatform("linux")]

if (args.Length < 2)
{
    Console.Error.WriteLine("sample-mirror LEG LEG...: name two or more block devices or files; what is on them is overwritten.");
    return 2;
}

using DmIoClient client = new();
using IoMemory block = IoMemory.Allocate(4096);
List<BlockDevice> legs = [];
try
{
    foreach (string path in args)
    {
        BlockDevice leg = BlockDevice.Open(path);
        legs.Add(leg);
        if (leg.LogicalBlockSize > 4096)
        {
            Console.Error.WriteLine($"{leg} has larger blocks than this mirror's 4096 bytes.");
            return 2;
        }
    }

    // Every write goes to all legs that are left. The mirror is as long as its longest leg here, so that the shorter ones fail on the way.
    long blocks = legs.Max(static leg => leg.SectorCount) / 8;
    for (long number = 0; number < blocks; number++)
    {
        block.GetSpan().Fill((byte)number);
        IoRegion[] regions = [.. legs.Select(leg => new IoRegion(leg, number * 8, 8))];
        IoResult result = client.Write(regions, block);

        // Unsupported would say that the request was not for this device, which a whole block never is.
        for (int leg = legs.Count - 1; leg >= 0; leg--)
        {
            if (!result.Failed[leg])
                continue;
            Console.WriteLine($"degraded at block {number}: {legs[leg].Path}; first: {result.First}");
            legs[leg].Dispose();
            legs.RemoveAt(leg);
        }

        if (legs.Count == 0)
        {
            Console.Error.WriteLine($"No leg is left at block {number}.");
            return 1;
        }
    }

    // What was acknowledged is on the medium of every leg that is left once their flushes have ended well.
    IoResult flushed = client.Flush([.. legs.Select(static leg => new IoRegion(leg, 0, 0))]);
    Console.WriteLine($"{blocks} blocks on {legs.Count} of {args.Length} legs, flushed: {flushed}");

    // Each leg that is left has it all: whoever reads may take any of them, and another where one fails.
    long wrong = 0;
    foreach (BlockDevice leg in legs)
    {
        for (long number = 0; number < blocks; number++)
        {
            IoResult result = client.Read(new IoRegion(leg, number * 8, 8), block);
            if (!result.IsSuccess || block.GetSpan().ContainsAnyExcept((byte)number))
                wrong++;
        }
    }

    Console.WriteLine($"{wrong} blocks differ");
    return flushed.IsSuccess && wrong == 0 ? 0 : 1;
}
finally
{
    legs.ForEach(static leg => leg.Dispose());
}
