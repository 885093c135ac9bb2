using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <content>Entries that the ring can't carry out and a system call can.</content>
internal sealed unsafe partial class IoEngine<TRing>
{
    /// <summary>
    /// Fruitless tries of an entry that the kernel cancels unasked: it does so when it can't start a worker thread (io_wq_enqueue, io-wq.c),
    /// at a limit of processes. Past them no worker is asked for.
    /// </summary>
    private const byte MaxAttemptsInRing = 10;

    private void ExecuteBySystemCall(int index)
    {
        Chunk* chunk = &_chunks[index];
        Request request = _owners[index]!;

        // The completion is spent: one more of it must not end the chunk meanwhile.
        chunk->Generation++;
        BlockDevice device = DeviceOf(chunk, request);
        IoUringSqe entry;
        if (chunk->Route == EntryRoute.Command)
        {
            // It was written for the ring, and the drive has not seen it.
            EntryWriter.WriteCommand(&entry, device.Descriptor, &_commands[index], CommandData(chunk, index));
            _systemCalls.Start(index, entry);
            return;
        }

        Iovec* vectors = stackalloc Iovec[MaxRuns];
        EntryFields fields = chunk->Kind.HasBuffer() && chunk->Run < chunk->Length
            ? EntryWriter.ScatteredFieldsOf(chunk, vectors, FillVectors(vectors, chunk, request.Buffer), request.TransferFlags)
            : EntryWriter.FieldsOf(chunk, device.IsBlockDevice, request.TransferFlags);
        EntryWriter.Write(&entry, fields, chunk, request.Priority, UserData(chunk, index));
        entry.fd = device.Descriptor;
        entry.flags = 0;
        _systemCalls.Start(index, entry);
    }
}
