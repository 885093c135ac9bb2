using DmIoUring;

namespace Consumer;

/// <summary>What a library does with the package: three legs, every way in.</summary>
public static class Mirror
{
    /// <summary>Writes to three files of which the third is too short, in every way, and reads the first back.</summary>
    public static async Task<int> RunAsync(string folder, IoRingKind ring)
    {
        string[] paths = [Path.Combine(folder, "left"), Path.Combine(folder, "right"), Path.Combine(folder, "short")];
        for (int leg = 0; leg < paths.Length; leg++)
        {
            using FileStream file = File.Create(paths[leg]);
            file.SetLength(leg == 2 ? 64 << 10 : 4 << 20);
        }

        using BlockDevice left = BlockDevice.Open(paths[0]), right = BlockDevice.Open(paths[1]), third = BlockDevice.Open(paths[2]);
        await using DmIoClient client = new(new DmIoOptions { Ring = ring });
        using PageReservation reserve = client.Reserve(64);
        using IoMemory memory = IoMemory.Allocate(4096);
        memory.GetSpan().Fill(0x5A);
        int wrong = 0;

        wrong += Check("sync", client.Write(Legs(0), memory, IoFlags.Fua), paths, 0);
        wrong += Check("awaited", await client.WriteAsync(Legs(1), memory, IoFlags.StableCopy), paths, 1);

        TaskCompletionSource<IoResult> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        client.SubmitWrite(Legs(2), memory, static (result, context) => ((TaskCompletionSource<IoResult>)context!).SetResult(result), ended);
        wrong += Check("callback", await ended.Task, paths, 2);

        IoResult polled = default;
        using (IoReactor reactor = new(new IoReactorOptions { Ring = ring }))
        {
            reactor.SubmitWrite(Legs(3), memory, (result, _) => polled = result);
            reactor.Poll(minimum: 1);
        }

        wrong += Check("reactor", polled, paths, 3);
        using IoMemory again = IoMemory.Allocate(4096);
        bool same = client.Read(new IoRegion(left, 2048, 8), again).IsSuccess && again.GetSpan().SequenceEqual(memory.GetSpan());
        Console.WriteLine($"read back: {(same ? "the same" : "DIFFERENT")}");
        return wrong + (same ? 0 : 1);

        IoRegion[] Legs(int place) => [new(left, 2048 + (place * 8), 8), new(right, 2048 + (place * 8), 8), new(third, 2048 + (place * 8), 8)];
    }

    private static int Check(string way, IoResult result, string[] paths, int place)
    {
        bool written = paths.Take(2).All(path => File.ReadAllBytes(path).AsSpan((2048 + (place * 8)) * IoRegion.SectorSize, 4096).IndexOfAnyExcept((byte)0x5A) < 0);
        Console.WriteLine($"{way}: failed {result.Failed}, unsupported {result.Unsupported}, first: region {result.First.Region}; the others {(written ? "have it" : "DO NOT HAVE IT")}");
        return result.Failed.Count == 1 && result.Failed[2] && result.Unsupported.IsEmpty && result.First.Region == 2 && written ? 0 : 1;
    }
}
