using System.Buffers.Binary;
using System.Globalization;
using DmIoUring;
using DmIoUring.Services;
using DmIoUring.Writer;

// dmio-writer WAY SLOTS FIRST PATH...
//
// Writes records to all paths at once for ever, the first of them number FIRST, each to slot number % SLOTS. For every record that
// is durable it writes its number, 8 bytes, to standard output. Ends when it is killed, when nobody listens, or with 1 after a failure. WAY is sync or
// async; or mirror, where the paths are the legs of a mirror.
string way = args[0];
int slots = int.Parse(args[1], CultureInfo.InvariantCulture);
ulong number = ulong.Parse(args[2], CultureInfo.InvariantCulture);
BlockDevice[] devices = [.. args[3..].Select(static path => BlockDevice.Open(path))];
using DmIoClient client = new();
MirrorDevice? mirror = way is "mirror" ? await MirrorDevice.OpenAsync(client, devices).ConfigureAwait(false) : null;
using IoMemory record = IoMemory.Allocate(DurableRecord.Size);
using Stream acknowledgements = Console.OpenStandardOutput();
IoRegion[] regions = new IoRegion[devices.Length];
IoRegion[] whole = [.. devices.Select(static device => new IoRegion(device, 0, 0))];
byte[] message = new byte[8];
for (; ; number++)
{
    int slot = (int)(number % (ulong)slots);
    DurableRecord.Fill(record.GetSpan(), number, slot);
    for (int i = 0; i < devices.Length; i++)
        regions[i] = new IoRegion(devices[i], (long)slot * DurableRecord.Sectors, DurableRecord.Sectors);

    // Every third record is durable by a flush of its own, the others by FUA.
    bool flushes = number % 3 == 0;
    IoFlags flags = flushes ? IoFlags.None : IoFlags.Fua;
    string? failure = way switch
    {
        "sync" => Failure(client.Write(regions, record, flags)) ?? (flushes ? Failure(client.Flush(whole)) : null),
        "async" => Failure(await client.WriteAsync(regions, record, flags).ConfigureAwait(false)) ?? (flushes ? Failure(await client.FlushAsync(whole).ConfigureAwait(false)) : null),
        _ => MirrorFailure(await mirror!.WriteAsync((long)slot * DurableRecord.Sectors, DurableRecord.Sectors, record, flags).ConfigureAwait(false))
            ?? (flushes ? MirrorFailure(await mirror.FlushAsync().ConfigureAwait(false)) : null),
    };
    if (failure is not null)
    {
        await Console.Error.WriteLineAsync($"record {number}: {failure}").ConfigureAwait(false);
        return 1;
    }

    BinaryPrimitives.WriteUInt64LittleEndian(message, number);
    await acknowledgements.WriteAsync(message).ConfigureAwait(false);
}

static string? Failure(IoResult result) => result.IsSuccess ? null : result.ToString();

static string? MirrorFailure(MirrorResult result) => result.IsSuccess ? null : result.ToString();
