# JupyterLab with the notebooks, for a processor:
#   docker build -f docker/student.Dockerfile -t mlp-course .
#   docker run --rm -p 127.0.0.1:8888:8888 -v "$PWD/work:/home/student/work" mlp-course
FROM python:3.12-slim
RUN pip install --no-cache-dir uv && useradd --create-home student
WORKDIR /opt/course
COPY helpers helpers
RUN uv pip install --system --no-cache --torch-backend=cpu ./helpers jupyterlab
COPY release /home/student/release
RUN chown -R student /home/student/release
USER student
WORKDIR /home/student
EXPOSE 8888
CMD ["jupyter", "lab", "--ip=0.0.0.0", "--no-browser"]
