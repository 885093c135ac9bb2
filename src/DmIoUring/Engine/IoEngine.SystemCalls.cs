using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <content>Entries that are executed by a system call because the ring can't.</content>
internal sealed unsafe partial class IoEngine<TRing>
{
    /// <summary>
    /// How often an entry is retried that the kernel cancels by itself: it does so when it can't start a worker thread (io_wq_enqueue, io-wq.c),
    /// at a limit of processes. After that the entry is executed by a system call. Once, because the kernel has tried four times itself, which
    /// takes 30 ms (queue_create_worker_retry, io-wq.c).
    /// </summary>
    private const byte MaxAttemptsInRing = 1;

    private void ExecuteBySystemCall(int index)
    {
        Chunk* chunk = &_chunks[index];
        Request request = _owners[index]!;

        // A second completion of the same entry must not end the chunk meanwhile.
        chunk->Generation++;
        BlockDevice device = DeviceOf(chunk, request);
        IoUringSqe entry;
        if (chunk->Route == EntryRoute.Command)
        {
            // The command is still as it was written for the ring, which has not sent it to the drive.
            EntryWriter.WriteCommand(&entry, device.Descriptor, &_commands[index], CommandData(chunk, index));
            _systemCalls.Start(index, entry);
            return;
        }

        Iovec* vectors = stackalloc Iovec[MaxRuns];
        WriteForSystemCall(&entry, index, request, vectors);
        _systemCalls.Start(index, entry);
    }

    /// <summary>Writes a chunk's entry as <see cref="EntryExecution"/> takes it: with the device's descriptor and without registered memory.</summary>
    private void WriteForSystemCall(IoUringSqe* entry, int index, Request request, Iovec* vectors)
    {
        Chunk* chunk = &_chunks[index];
        BlockDevice device = DeviceOf(chunk, request);
        EntryFields fields = chunk->Kind.HasBuffer() && chunk->Run < chunk->Length
            ? EntryWriter.ScatteredFieldsOf(chunk, vectors, FillVectors(vectors, chunk, request.Buffer), request.TransferFlagsOfRegion(chunk->Region))
            : EntryWriter.FieldsOf(chunk, device.IsBlockDevice, request.TransferFlagsOfRegion(chunk->Region));
        EntryWriter.Write(entry, fields, chunk, request.Priority, UserData(chunk, index));
        entry->fd = device.Descriptor;
        entry->flags = 0;
    }
}
