using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DmIoUring.Devices;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <content>Chunks that are commands to NVMe namespaces.</content>
/// <remarks>
/// A ring whose other side is a thread carries them itself, by ioctl. io_uring wants entries of 128 bytes for them, so an engine that
/// meets a namespace makes a second ring, of such entries, and has the first watch it.
/// </remarks>
internal sealed unsafe partial class IoEngine<TRing>
{
    /// <summary>Where the indices of chunks that are commands begin in <c>user_data</c>: their results are read differently.</summary>
    private const uint CommandPlaces = 1u << 30;
    private const uint CommandToken = uint.MaxValue - 2;

    private readonly Queue<(int Chunk, uint Generation)> _refusedCommands = [];
    private NvmePassthruCmd64* _commands;
    private byte* _ranges;
    private CommandRing? _commandRing;
    private bool _commandPollIsArmed;
    private int _commandErrno;

    private bool HasCommandResults => _refusedCommands.Count > 0 || _commandRing is { HasCompletions: true };

    /// <summary>Whether commands are under way whose end the ring tells of by its poll of theirs only.</summary>
    private bool HasWatchedCommands => _commandRing is { UnderWay: > 0 };

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryFillCommand(int index, Request request)
    {
        Chunk* chunk = &_chunks[index];
        NvmeNamespace target = request.Legs[chunk->Region].Device.Namespace!;
        if (_commands is null)
        {
            _commands = (NvmePassthruCmd64*)NativeMemory.AllocZeroed((nuint)_owners.Length, (nuint)sizeof(NvmePassthruCmd64));
            _ranges = (byte*)NativeMemory.AllocZeroed((nuint)_owners.Length, NvmeCommand.RangeBytes);
        }

        NvmePassthruCmd64* command = &_commands[index];
        NvmeCommand.Of(chunk, target, _ranges + (index * NvmeCommand.RangeBytes), request.TransferFlags).Write(command, target.Id);
        if (_ring.CarriesCommands)
        {
            IoUringSqe* entry = NextEntry(EntryRoute.Command);
            if (entry is null)
                return false;
            EntryWriter.WriteCommand(entry, chunk->File, command, UserData(chunk, index));
        }
        else if (TryMakeCommandRing())
        {
            if (!_commandRing!.TryAdd(chunk->File, (NvmeUringCmd*)command, UserData(chunk, index)))
                return false;
        }
        else
        {
            _refusedCommands.Enqueue((index, chunk->Generation));
        }

        Filled(chunk);
        return true;
    }

    private bool TryMakeCommandRing()
    {
        if (_commandRing is not null)
            return true;
        if (_commandErrno != 0)
            return false;
        try
        {
            _commandRing = CommandRing.Create(_owners.Length);
            return true;
        }
        catch (IoUringUnavailableException refusal)
        {
            // EINVAL is a kernel without such entries (before 5.19).
            _commandErrno = refusal.Errno is 0 or Errno.EINVAL ? Errno.EOPNOTSUPP : refusal.Errno;
            return false;
        }
    }

    /// <summary>Hands over commands, and has the ring end a sleep when one of them has ended.</summary>
    private void IssueCommands()
    {
        if (_commandRing is not { UnderWay: > 0 } commands)
            return;
        commands.Enter();
        if (_commandPollIsArmed)
            return;
        IoUringSqe* entry = NextEntry(EntryRoute.NoPoll);
        if (entry is null)
            return;
        EntryWriter.WriteSinglePoll(entry, commands.Descriptor, CommandToken);
        _commandPollIsArmed = true;
    }

    private int DispatchCommands()
    {
        int completions = 0;
        while (_refusedCommands.TryDequeue(out (int Chunk, uint Generation) refused))
        {
            completions++;
            CompleteCommand(refused.Chunk, refused.Generation, -_commandErrno);
        }

        while (_commandRing is not null && _commandRing.TryTake(out IoUringCqe completion))
        {
            completions++;
            CompleteCommand((int)((uint)completion.user_data - CommandPlaces), (uint)(completion.user_data >> 32), completion.res);
        }

        return completions;
    }

    /// <summary>A command's result: 0, the drive's status, or a negated errno (nvme_uring_cmd_end_io, drivers/nvme/host/ioctl.c).</summary>
    private void CompleteCommand(int index, uint generation, int result)
    {
        Chunk* chunk = &_chunks[index];
        if (chunk->Generation != generation)
        {
            Counters.Stale++;
            return;
        }

        chunk->IsInKernel = false;
        _inKernel--;
        Request request = _owners[index]!;
        if (result > 0 && NvmeStatus.MayRetry(result) && chunk->Attempts < NvmeStatus.MaxRetries && request.StopCause == IoFailureCause.None)
        {
            chunk->Attempts++;
            Counters.Retries++;
            Reissue(index, 0);
            return;
        }

        if (result > 0)
            result = -NvmeStatus.ErrnoOf(result);
        else if (result == 0 && chunk->Kind.Transfers())
            result = (int)NvmeCommand.BytesOf(chunk, request.Legs[chunk->Region].Device.Namespace!);
        CompleteOtherwise(index, result);
    }

    private void DisposeCommands()
    {
        _commandRing?.Dispose();
        NativeMemory.Free(_commands);
        NativeMemory.Free(_ranges);
    }
}
