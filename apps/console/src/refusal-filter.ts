/** Every refusal is one JSON sentence; a defect of ours is told to telemetry and shown without its inside. */
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Telemetry } from '@countersign/pipeline';
import type { FastifyReply } from 'fastify';

@Catch()
export class RefusalFilter implements ExceptionFilter {
  constructor(private readonly telemetry: Telemetry) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const { status, message } = this.#answerTo(error);
    void reply.status(status).header('cache-control', 'no-store').send({ error: message });
  }

  #answerTo(error: unknown): { readonly status: number; readonly message: string } {
    if (error instanceof HttpException) return { status: error.getStatus(), message: error.message };
    const status = statusOf(error);
    if (status !== undefined && status < 500) return { status, message: 'The request could not be read; nothing was changed.' };
    const reason = error instanceof Error ? error.message : String(error);
    this.telemetry({ event: 'ConsoleRequestError', level: 'error', message: `A request to the console failed and was answered 500; no decision was made by it: ${reason}` });
    return { status: 500, message: 'The console could not answer. Nothing was changed; try again, and look at the log of Countersign if it stays so.' };
  }
}

/** Fastify's own errors (body too large, not JSON) carry a status. */
function statusOf(error: unknown): number | undefined {
  return typeof error === 'object' && error !== null && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined;
}
